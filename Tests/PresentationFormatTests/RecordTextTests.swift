import DNSWire
import PresentationFormat
import Testing

@Suite struct RecordTextTests {
    @Test(arguments: [
        "web.Example.org.\t30\tIN\tA\t192.0.2.1",
        "web.example.org.\t30\tIN\tAAAA\t2001:db8::1",
        "example.org.\t30\tIN\tSOA\tns.example.org. hostmaster.example.org. 1 7200 1800 86400 5",
        "_http._tcp.web.example.org.\t30\tIN\tSRV\t0 100 80 web.example.org.",
        "_http._tcp.web.example.org.\t30\tIN\tSRV\t0 0 0 .",
        "example.org.\t0\tIN\tTXT\t\"a\\000b\" \"\" \"cluster.local\"",
        "example.org.\t30\tIN\tNAPTR\t1 2 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.org.",
        "example.org.\t30\tIN\tHTTPS\t1 . alpn=h2",
        "example.org.\t30\tIN\tTYPE65280\t\\# 3 010203",
        "example.org.\t30\tCH\tTXT\t\"x\"",
        "example.org.\t4294967295\tCLASS65000\tA\t192.0.2.1",
        "a\\.b\\000\\255.example.org.\t30\tIN\tPTR\t.",
    ]) func readsAndWritesTheSameText(text: String) throws {
        #expect(try ResourceRecord(presentation: text).presentation == text)
    }

    @Test func completesRelativeNamesAndFillsInTheTTL() throws {
        let origin = try #require(DomainName("example.org"))
        let record = try ResourceRecord(presentation: "www CNAME web", origin: origin, defaultTTL: 7)
        #expect(record.presentation == "www.example.org.\t7\tIN\tCNAME\tweb.example.org.")
        #expect(
            try ResourceRecord(presentation: "www CNAME web").presentation == "www.\t3600\tIN\tCNAME\tweb."
        )
    }

    @Test func rdataIsUncompressedWireForm() throws {
        let record = try ResourceRecord(presentation: "example.org. 30 IN MX 10 Mail.example.org.")
        #expect(record.type == .mx)
        #expect(
            record.rdata == [0, 10, 4] + Array("Mail".utf8) + [7] + Array("example".utf8) + [3]
                + Array("org".utf8) + [0]
        )
    }

    @Test(arguments: [
        "", "; comment", "example.org.", "example.org. IN A", "example.org. IN A 192.0.2",
        "example.org. IN A 192.0.2.1 192.0.2.2", "example.org. IN A \\# 3 010203",
        "example.org. -1 IN A 192.0.2.1", "example.org. IN NOSUCHTYPE x", "a..b. IN A 192.0.2.1",
        "\(String(repeating: "a", count: 64)). IN A 192.0.2.1",
        "example.org. IN A 192.0.2.1\nexample.org. IN A 192.0.2.2", "example.org. IN TXT \"a\0b\"",
    ]) func refusesWhatIsNoRecord(text: String) {
        #expect(throws: PresentationError.self) { try ResourceRecord(presentation: text) }
    }

    @Test func writesRdataThatItsTypeForbidsAsOpaqueOctets() throws {
        let owner = try #require(DomainName("TYPE65280.example.org"))
        let record = ResourceRecord(owner: owner, type: .a, ttl: 5, rdata: [1, 2, 3])
        #expect(record.presentation == "TYPE65280.example.org.\t5\tIN\tTYPE1\t\\# 3 010203")
        let empty = ResourceRecord(owner: owner, type: .a, ttl: 5, rdata: [])
        #expect(empty.presentation == "TYPE65280.example.org.\t5\tIN\tA\t\\# 0")
        let truncated = ResourceRecord(owner: owner, type: .mx, ttl: 5, rdata: [0, 10, 3, 65])
        #expect(truncated.presentation == "TYPE65280.example.org.\t5\tIN\tTYPE15\t\\# 4 000a0341")
    }
}

@Suite struct MessageTextTests {
    @Test func describesHeaderQuestionAndRecords() throws {
        var writer = MessageWriter(capacity: 512)
        let name = try #require(DomainName("web.example.org"))
        writer.begin(Header(id: MessageID(rawValue: 7), flags: HeaderFlags(rawValue: 0x8180), answerCount: 1))
        try writer.appendQuestion(name, .a, .internet)
        let rdata = try writer.beginRecord(name, .a, .internet, ttl: 30)
        try writer.append(0xC000_0201 as UInt32)
        try writer.endRecord(rdataOffset: rdata)
        let described = MessageText.describe(writer.bytes)
        let text = try #require(described)
        #expect(text.contains("rcode: NOERROR, id: 7"))
        #expect(text.contains("web.example.org.\t30\tIN\tA\t192.0.2.1"))
        #expect(!text.contains("WHEN"))
    }

    @Test func hasNoTextForAMalformedMessage() throws {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 7), flags: HeaderFlags(rawValue: 0)))
        for length in [0, 5, 12] {
            let text = MessageText.describe(writer.bytes.extracting(first: length))
            #expect(text == nil)
        }
    }
}
