import AnswerCache
import DNSWire

extension SavedAnswer {
    /// Where the TTLs stand in the body; nil when the body is not what its counts and lengths say.
    ///
    /// A file is trusted with nothing: what it holds must look as if it had been written for the cache.
    func checkedTTLOffsets() -> [UInt16]? {
        guard answer.lifetimeSeconds > 0, body.count == answer.length else { return nil }
        let message = asMessage()
        let records = Self.records(of: message, bodyStart: message.count - body.count)
        guard let records, records.ends == [answer.answerLength, answer.authorityEnd, answer.length],
            isRotationRight(records.answerStarts)
        else { return nil }
        return records.ttlOffsets
    }

    /// The answer behind a header and its question.
    private func asMessage() -> [UInt8] {
        var message: [UInt8] = [0, 0, 0x80, 0, 0, 1]
        func append(_ number: UInt16) { message += [UInt8(number >> 8), UInt8(number & 0xFF)] }
        append(answer.answerCount)
        append(answer.authorityCount)
        append(answer.additionalCount)
        for place in 0..<qname.length { message.append(qname[place]) }
        append(qtype.rawValue)
        append(RecordClass.internet.rawValue)
        return message + body
    }

    private struct Records {
        /// Relative to the body, of all records.
        var ttlOffsets: [UInt16] = []
        var answerStarts: [Int] = []
        /// Where the three sections end, relative to the body.
        var ends = [0, 0, 0]

        mutating func note(_ section: MessageSection, endsAt end: Int) {
            let first =
                switch section {
                case .answer: 0
                case .authority: 1
                case .additional: 2
                }
            for place in first..<3 { ends[place] = end }
        }
    }

    private static func records(of message: [UInt8], bodyStart: Int) -> Records? {
        let octets = message.wireBytes
        guard let header = Header(octets) else { return nil }
        var cursor = RecordCursor(header: header, offset: bodyStart)
        var records = Records()
        do throws(WireError) {
            while let record = try cursor.next(octets) {
                var end = record.ownerOffset
                _ = try DomainName(octets, at: &end)
                guard record.recordClass == .internet, record.type != .opt,
                    record.ttl <= WireLimits.ttlSeconds,
                    let place = UInt16(exactly: record.rdataOffset - 6 - bodyStart)
                else { return nil }
                records.ttlOffsets.append(place)
                if record.section == .answer { records.answerStarts.append(record.ownerOffset - bodyStart) }
                records.note(record.section, endsAt: cursor.offset - bodyStart)
            }
        } catch {
            return nil
        }
        return records
    }

    /// Whether the run of records that may change places is the end of the answer section.
    private func isRotationRight(_ starts: [Int]) -> Bool {
        let run = answer.rotation
        guard run.count > 0 else { return run == CachedAnswer.Rotation() }
        guard run.count <= starts.count, run.offset + run.count * run.recordLength == answer.answerLength
        else {
            return false
        }
        return starts.suffix(run.count)
            == (0..<run.count).map { run.offset + $0 * run.recordLength }[...]
    }
}
