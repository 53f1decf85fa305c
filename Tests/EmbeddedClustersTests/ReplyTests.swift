import DNSWire
import EmbeddedClusters
import PresentationFormat
import Testing

/// Headers, EDNS, sizes, and queries that are none.
@Suite struct ReplyTests {
    @Test func isAuthoritativeWithoutRecursion() throws {
        for name in ["web.shop.svc.cluster.local", "nothing.shop.svc.cluster.local"] {
            let flags = try ask(name).header.flags
            #expect(flags.isResponse && flags.isAuthoritative && flags.recursionDesired)
            #expect(!flags.recursionAvailable && !flags.isTruncated)
        }
    }

    @Test func sendsOPTOnlyToThoseWhoSentOne() throws {
        #expect(try ask("web.shop.svc.cluster.local").edns == nil)
        let edns = try #require(try ask("web.shop.svc.cluster.local", edns: 1232).edns)
        #expect(edns.version == 0 && edns.udpPayloadSize == 1232 && edns.dnssecOK)
        #expect(try ask("nothing.shop.svc.cluster.local", edns: 1232).edns != nil)
        #expect(try ask("example.org", edns: 1232).edns != nil)
    }

    @Test func manyPodsAreTruncatedOverUDPAndWholeOverTCP() throws {
        let small = try ask("worker.batch.svc.cluster.local", isStream: false)
        #expect(small.header.flags.isTruncated && small.length <= 512 && small.answer.count < 60)
        let large = try ask("worker.batch.svc.cluster.local", edns: 1232, isStream: false)
        #expect(!large.header.flags.isTruncated && large.answer.count == 60)
        let stream = try ask("worker.batch.svc.cluster.local")
        #expect(!stream.header.flags.isTruncated && stream.answer.count == 60)
    }

    @Test func serviceRecordsOfManyPodsNeedTCP() throws {
        let name = "_http._tcp.worker.batch.svc.cluster.local"
        let datagram = try ask(name, .srv, edns: 1232, isStream: false)
        #expect(datagram.header.flags.isTruncated && datagram.length <= 1232 && datagram.edns != nil)
        let stream = try ask(name, .srv)
        #expect(stream.answer.count == 60 && stream.additional.count == 120)
    }

    @Test func queriesThatAreNoneGetTheirCode() throws {
        #expect(try send([0, 1, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0])?.code == .notImp)
        #expect(try send([0, 1, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0])?.code == .formErr)
        #expect(try send([0, 1, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1])?.code == .formErr)
        #expect(try send([0, 1, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0]) == nil)
        #expect(try send([]) == nil)
        let query = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1] as [UInt8]
        let badVersion = try send(query + [0, 0, 41, 4, 208, 0, 1, 0, 0, 0, 0])
        #expect(badVersion?.edns?.extendedResponseCode == 1 && badVersion?.edns?.version == 0)
    }

    @Test func everyReplyToADamagedQueryIsReadByLibldns() throws {
        let whole = try query()
        var buffer = WireBuffer(capacity: 4096)
        var replies = 0
        for i in 2..<whole.count {
            for octet in [0, 1, 0x29, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF] as [UInt8] {
                var octets = whole
                octets[i] = octet
                var reply = buffer.mutableBytes
                let length = EmbeddedCluster.east.answer(octets.wireBytes, isStream: false, reply: &reply)
                guard length > 0 else { continue }
                replies += 1
                let text = MessageText.describe(buffer.bytes.extracting(first: length))
                // libldns reads no class 0 and no header without a question: replies without records.
                if text == nil { #expect(length <= 100, "octet \(i) is \(octet)") }
            }
        }
        #expect(replies > 300)
    }

    private func query() throws -> [UInt8] {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0), additionalCount: 1))
        let name = try #require(DomainName("_http._tcp.worker.batch.svc.cluster.local"))
        try writer.appendQuestion(name, .srv, .internet)
        let start = try writer.beginRecord(DomainName(), .opt, RecordClass(rawValue: 4096), ttl: 0)
        try writer.endRecord(rdataOffset: start)
        return writer.bytes.toArray()
    }

    private func send(_ octets: [UInt8]) throws -> ReadReply? {
        var buffer = WireBuffer(capacity: 512)
        let query = octets.wireBytes
        var reply = buffer.mutableBytes
        let length = EmbeddedCluster.east.answer(query, isStream: false, reply: &reply)
        return length == 0 ? nil : try read(buffer.bytes.extracting(first: length))
    }
}
