// Random messages with fixed seeds: what we write we read; what we make of mutated ones agrees with libldns.
import DNSWire
import PresentationFormat
import Testing

@Suite struct MutationTests {
    @Test func whatIsWrittenIsReadAgain() throws {
        var random = FixedRandom(seed: 7)
        for _ in 0..<300 {
            // No name ends like this question, so that every name keeps its case.
            let message = try randomMessage(&random, question: "Question.test")
            let octets = try message.write()
            #expect(try ReadMessage(octets.wireBytes) == message)
            #expect(try ReadMessage(octets.wireBytes).write() == octets)
        }
    }

    @Test func namesThatEndLikeTheQuestionMayTakeItsCase() throws {
        var random = FixedRandom(seed: 8)
        for _ in 0..<300 {
            let message = try randomMessage(&random, question: "WEB.Example.oRG")
            let octets = try message.write()
            let text = try MessageFixture(try ReadMessage(octets.wireBytes)).description
            #expect(try text.lowercased() == MessageFixture(message).description.lowercased())
            #expect(try ReadMessage(octets.wireBytes).write() == octets)
        }
    }

    @Test func mutatedMessagesMeanToUsWhatTheyMeanToLibldns() throws {
        var random = FixedRandom(seed: 11)
        var both = 0
        for _ in 0..<300 {
            let whole = try randomMessage(&random, question: "web.example.org").write()
            for _ in 0..<40 {
                let octets = mutated(whole, &random)
                switch (read(octets), LDNSMessage.records(octets.wireBytes)) {
                case (_, .some(let theirs)) where libldnsCutsRdata(octets, theirs):
                    break
                case (.success(let ours), .some(let theirs)):
                    both += 1
                    #expect(records(ours) == theirs, "\(octets)")
                case (.success(let ours), nil):
                    // libldns checks the shape of RDATA without names, too; to us it is opaque (RFC 3597 §3).
                    // With that RDATA under a type that libldns does not know either, it agrees.
                    let opaque = withoutShapes(ours)
                    let written = try opaque.write()
                    #expect(LDNSMessage.records(written.wireBytes) == records(opaque), "\(octets)")
                case (.failure(let error), .some):
                    // libldns takes octets behind the last record, pointers forwards, and RDATA whose names
                    // end before RDLENGTH does or fill it where more fields belong. We take none of these.
                    #expect([.badCount, .badPointer, .badRdata].contains(error), "\(octets)")
                case (.failure, nil):
                    break
                }
            }
        }
        #expect(both > 1000)
    }

    private func read(_ octets: [UInt8]) -> Result<ReadMessage, WireError> {
        do throws(WireError) { return .success(try ReadMessage(octets.wireBytes)) } catch {
            return .failure(error)
        }
    }

    /// Whether libldns left out the end of a record's RDATA, which it does where RDLENGTH says more than the
    /// fields of the type hold; it then looks for the next record too early, or takes the rest for trailing.
    private func libldnsCutsRdata(_ octets: [UInt8], _ theirs: [[UInt8]]) -> Bool {
        let message = octets.wireBytes
        var offset = WireLimits.headerLength
        guard let header = Header(message), (try? DomainName(message, at: &offset)) != nil else {
            return false
        }
        var cursor = RecordCursor(header: header, offset: offset + 4)
        for theirRecord in theirs {
            guard let view = try? cursor.next(message), let record = try? ResourceRecord(view, in: message)
            else { return false }
            let ours = wire(record)
            if ours == theirRecord { continue }
            let start = ours.count - record.rdata.count
            return theirRecord.count < ours.count
                && theirRecord.dropFirst(start).elementsEqual(
                    record.rdata.prefix(theirRecord.count - start)
                )
        }
        return false
    }

    /// All records in wire form but those that libldns takes out of the additional section.
    private func records(_ message: ReadMessage) -> [[UInt8]] {
        let additional = message.additional.filter { $0.type != .opt && $0.type != .tsig }
        return (message.answer + message.authority + additional).map(wire)
    }

    private func wire(_ record: ResourceRecord) -> [UInt8] {
        record.owner.bytes.toArray() + octets(record.type.rawValue) + octets(record.recordClass.rawValue)
            + octets(UInt16(record.ttl >> 16)) + octets(UInt16(record.ttl & 0xFFFF))
            + octets(UInt16(record.rdata.count)) + record.rdata
    }

    /// The message with a private type in place of those whose RDATA has parts that we do not look into.
    private func withoutShapes(_ message: ReadMessage) -> ReadMessage {
        func opaque(_ record: ResourceRecord) -> ResourceRecord {
            var record = record
            if RdataLayout.of(record.type)?.suffixLength == nil { record.type = RecordType(65_280) }
            return record
        }
        var message = message
        message.answer = message.answer.map(opaque)
        message.authority = message.authority.map(opaque)
        message.additional = message.additional.map(opaque)
        return message
    }

    private func mutated(_ octets: [UInt8], _ random: inout FixedRandom) -> [UInt8] {
        var octets = octets
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let i = Int.random(in: 0..<octets.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: octets.insert(.random(in: 0...255, using: &random), at: i)
            case 1: octets.remove(at: i)
            case 2, 3, 4: octets[i] = .random(in: 0...255, using: &random)
            default: octets[i] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        }
        return octets
    }

    private func randomMessage(_ random: inout FixedRandom, question: String) throws -> ReadMessage {
        let bare = header(flags: .random(in: 0...UInt16.max, using: &random), 0)
        var message = try ReadMessage(bare.wireBytes)
        message.questions = [ReadQuestion(qname: try name(question), qtype: 1, qclass: 1)]
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            message.answer.append(try randomRecord(&random))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            message.authority.append(try randomRecord(&random))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            message.additional.append(try randomRecord(&random))
        }
        return message
    }

    private func randomRecord(_ random: inout FixedRandom) throws -> ResourceRecord {
        let samples = RdataLayoutTests.samples.map { "\(RdataLayoutTests.mnemonic($0.type)) \($0.rdata)" }
        let others = ["A 192.0.2.1", "AAAA 2001:db8::1", "TXT \"cluster.local\"", "TYPE65280 \\# 3 c00c00"]
        let text = try #require((samples + others).randomElement(using: &random))
        var record = try ResourceRecord(
            presentation: ". \(Int.random(in: 0...86_400, using: &random)) IN \(text)"
        )
        record.owner = try randomName(&random)
        return record
    }

    private func randomName(_ random: inout FixedRandom) throws -> DomainName {
        let labels = ["web", "Web", "db-0", "shop", "svc", "cluster", "example", "org", "_tcp", "*"]
        let count = Int.random(in: 0...6, using: &random)
        return try name(
            (0..<count).map { _ in labels.randomElement(using: &random) ?? "" }.joined(separator: ".")
        )
    }
}
