import DNSWire
import PresentationFormat
import Testing

@Suite struct RdataLayoutTests {
    /// A record of every type that has a layout, each name in the zone of the question.
    static let samples: [(type: RecordType, rdata: String)] = [
        (.ns, "ns.example.org."), (.md, "a.example.org."), (.mf, "a.example.org."),
        (.cname, "Web.example.org."), (.soa, "ns.example.org. host\\.master.example.org. 1 2 3 4 5"),
        (.mb, "a.example.org."), (.mg, "a.example.org."), (.mr, "a.example.org."),
        (.ptr, "web.example.org."), (.minfo, "a.example.org. b.a.example.org."),
        (.mx, "10 mail.example.org."), (.rp, "a.example.org. b.a.example.org."),
        (.afsdb, "1 a.example.org."), (.rt, "1 a.example.org."),
        (.sig, "A 8 2 30 20260101000000 20250101000000 7 example.org. AAEC"),
        (.px, "1 a.example.org. b.a.example.org."), (.srv, "0 100 80 web.example.org."),
        (.naptr, "1 2 \"s\" \"SIP+D2U\" \"!^.*$!x!\" _sip._udp.example.org."),
        (.kx, "1 a.example.org."), (.dname, "example.org."),
        (.rrsig, "A 8 2 30 20260101000000 20250101000000 7 example.org. AAEC"),
        (.nsec, "a.example.org. A NS"), (.svcb, "1 web.example.org. alpn=h2"),
        (.https, "1 . alpn=h2"), (.lp, "1 a.example.org."),
    ]

    @Test func everyTypeWithALayoutHasASample() {
        for type in (UInt16.min...UInt16.max).map(RecordType.init(_:)) where RdataLayout.of(type) != nil {
            // libldns writes no NXT records as text; NSEC has the same layout.
            #expect(type == .nxt || Self.samples.contains { $0.type == type }, "type \(type.rawValue)")
        }
    }

    @Test(arguments: samples) func namesAreFoundWhereLibldnsWritesThem(type: RecordType, rdata: String) throws
    {
        let record = try sample(type, rdata)
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0x8000), answerCount: 1))
        try writer.appendQuestion(record.owner, type, .internet)
        try writer.append(record)
        #expect(try ReadMessage(writer.bytes).answer == [record])
    }

    @Test(arguments: samples) func compressedNamesAreReadInEveryType(type: RecordType, rdata: String) throws {
        // RFC 3597 §4: compressed names are to be understood, even where they must not be written.
        let record = try sample(type, rdata)
        let message = try compressedEverywhere(record)
        let read = try ReadMessage(message.wireBytes)
        #expect(read.answer == [record])
        let seenByLibldns = try LDNSMessage(message.wireBytes)
        #expect(seenByLibldns.records(.answer) == [record.presentation])
    }

    @Test(arguments: samples) func rdataThatEndsEarlyIsBad(type: RecordType, rdata: String) throws {
        let record = try sample(type, rdata)
        let layout = try #require(RdataLayout.of(type))
        let opaque = layout.suffixLength == nil ? try lengthUpToNames(record) : record.rdata.count
        for length in 1..<opaque {
            var short = record
            short.rdata = Array(record.rdata.prefix(length))
            #expect(throws: WireError.self, "\(length) octets") { try readBack(short) }
        }
    }

    @Test(arguments: samples) func rdataThatGoesOnIsBadUnlessItsTypeAllowsIt(
        type: RecordType,
        rdata: String
    ) throws {
        var long = try sample(type, rdata)
        long.rdata.append(0)
        if RdataLayout.of(type)?.suffixLength == nil {
            #expect(try readBack(long) == long)
        } else {
            #expect(throws: WireError.badRdata) { try readBack(long) }
        }
    }

    @Test func namesMustNotRunIntoTheNextRecord() throws {
        // RDLENGTH 3, but the name in it is four octets long.
        let first: [UInt8] = [0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 3, 2, 97, 98]
        let second: [UInt8] = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
        let message = header(0, 2) + first + second
        #expect(throws: WireError.badRdata) { _ = try ReadMessage(message.wireBytes) }
    }

    @Test func onlyTypesOfRFC1035AreCompressedOnOutput() throws {
        let compressed = Self.samples.map(\.type).filter { RdataLayout.of($0)?.mayCompress == true }
        #expect(compressed == [.ns, .md, .mf, .cname, .soa, .mb, .mg, .mr, .ptr, .minfo, .mx])
        for (type, rdata) in Self.samples where !compressed.contains(type) {
            let record = try sample(type, rdata)
            var writer = MessageWriter(capacity: 512)
            writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0x8000)))
            try writer.appendQuestion(record.owner, type, .internet)
            let start = writer.count
            try writer.append(record)
            #expect(writer.count == start + 2 + 10 + record.rdata.count, "type \(type.rawValue)")
        }
    }

    private func sample(_ type: RecordType, _ rdata: String) throws -> ResourceRecord {
        var record = try ResourceRecord(presentation: "example.org. 30 IN \(Self.mnemonic(type)) \(rdata)")
        // libldns knows the mnemonics of all types but prints some as TYPEn.
        record.type = type
        return record
    }

    static func mnemonic(_ type: RecordType) -> String {
        let names: [RecordType: String] = [
            .ns: "NS", .md: "MD", .mf: "MF", .cname: "CNAME", .soa: "SOA", .mb: "MB", .mg: "MG", .mr: "MR",
            .ptr: "PTR", .minfo: "MINFO", .mx: "MX", .rp: "RP", .afsdb: "AFSDB", .rt: "RT", .sig: "SIG",
            .px: "PX", .srv: "SRV", .naptr: "NAPTR", .kx: "KX", .dname: "DNAME", .rrsig: "RRSIG",
            .nsec: "NSEC", .svcb: "SVCB", .https: "HTTPS", .lp: "LP",
        ]
        return names[type] ?? "TYPE\(type.rawValue)"
    }

    private func lengthUpToNames(_ record: ResourceRecord) throws -> Int {
        let layout = try #require(RdataLayout.of(record.type))
        let rdata = record.rdata.wireBytes
        var offset = try layout.firstName(rdata, rdataOffset: 0, rdataLength: rdata.byteCount)
        for _ in 0..<layout.names { _ = try DomainName(rdata, at: &offset) }
        return offset
    }

    /// Puts a record into a message as it is and reads it out.
    private func readBack(_ record: ResourceRecord) throws -> ResourceRecord? {
        var writer = MessageWriter(capacity: 512)
        writer.begin(
            Header(
                id: MessageID(rawValue: 1),
                flags: HeaderFlags(rawValue: 0x8000),
                questionCount: 0,
                answerCount: 1
            )
        )
        let start = try writer.beginRecord(record.owner, record.type, .internet, ttl: record.ttl)
        try writer.append(record.rdata.wireBytes)
        try writer.endRecord(rdataOffset: start)
        return try ReadMessage(writer.bytes).answer.first
    }

    private func compressedEverywhere(_ record: ResourceRecord) throws -> [UInt8] {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0x8000), answerCount: 1))
        try writer.appendQuestion(record.owner, record.type, .internet)
        let layout = try #require(RdataLayout.of(record.type))
        let rdata = record.rdata.wireBytes
        var offset = try layout.firstName(rdata, rdataOffset: 0, rdataLength: rdata.byteCount)
        let start = try writer.beginRecord(record.owner, record.type, .internet, ttl: record.ttl)
        try writer.append(rdata.extracting(0..<offset))
        for _ in 0..<layout.names {
            try writer.appendName(try DomainName(rdata, at: &offset), compress: true)
        }
        try writer.append(rdata.extracting(offset..<rdata.byteCount))
        try writer.endRecord(rdataOffset: start)
        return writer.bytes.toArray()
    }
}
