import DNSWire
import PresentationFormat
import Testing

/// A writer that has begun a response with a question.
private func writer(
    _ question: String = "web.Example.org",
    capacity: Int = WireLimits.messageLength
) throws -> MessageWriter {
    var writer = MessageWriter(capacity: capacity)
    writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0x8000)))
    try writer.appendQuestion(try name(question), .a, .internet)
    return writer
}

/// Appends a name and returns the octets that it took.
private func append(_ text: String, to writer: inout MessageWriter, compress: Bool = true) throws -> [UInt8] {
    let start = writer.count
    try writer.appendName(try name(text), compress: compress)
    return Array(writer.bytes.toArray().dropFirst(start))
}

@Suite struct CompressionTests {
    @Test func pointsAtTheQuestionWhateverTheCase() throws {
        var writer = try writer()
        #expect(try append("web.example.org", to: &writer) == [0xC0, 12])
        #expect(try append("WEB.EXAMPLE.ORG", to: &writer) == [0xC0, 12])
        #expect(try append("eXample.org", to: &writer) == [0xC0, 16])
        #expect(try append("db.example.ORG", to: &writer) == label(2, 100).prefix(2) + [98, 0xC0, 16])
    }

    @Test func elsewhereOnlyTheSameCaseIsCompressed() throws {
        var writer = try writer("a.test")
        let first = writer.count
        #expect(try append("Web.Example.net", to: &writer).count == 17)
        #expect(try append("web.Example.net", to: &writer) == [3, 119, 101, 98, 0xC0, UInt8(first + 4)])
        #expect(try append("Web.example.net", to: &writer).count == 3 + 1 + 8 + 2)
        #expect(try append("Web.Example.net", to: &writer) == [0xC0, UInt8(first)])
    }

    @Test func aTailInTheQuestionMatchesBehindALabelOutsideIt() throws {
        var writer = try writer("Example.org")
        let first = writer.count
        #expect(try append("db.example.org", to: &writer) == [2, 100, 98, 0xC0, 12])
        // The label outside keeps its case, the tail inside may differ.
        #expect(try append("db.EXAMPLE.org", to: &writer) == [0xC0, UInt8(first)])
        #expect(try append("DB.example.org", to: &writer) == [2, 68, 66, 0xC0, 12])
    }

    @Test func theRootIsNeverAPointer() throws {
        var writer = try writer()
        #expect(try append(".", to: &writer) == [0])
        #expect(try append(".", to: &writer) == [0])
    }

    @Test func leavesNamesWholeWhenTold() throws {
        var writer = try writer()
        #expect(try append("web.example.org", to: &writer, compress: false).count == 17)
    }

    @Test func namesWrittenWholeMayBePointedAt() throws {
        var writer = try writer("a.test")
        let first = writer.count
        _ = try append("web.example.org", to: &writer, compress: false)
        #expect(try append("web.example.org", to: &writer) == [0xC0, UInt8(first)])
    }

    @Test func labelsThatLookLikeOthersAreNotConfused() throws {
        var writer = try writer("a.test")
        try writer.appendName(try #require(DomainName(labels: [Array("a.b".utf8)])), compress: true)
        #expect(try append("a.b", to: &writer).count == 5)
    }

    @Test func octetsAbove127AreNoLetters() throws {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0x8000)))
        try writer.appendQuestion(try #require(DomainName(labels: [[0xC1]])), .a, .internet)
        let start = writer.count
        try writer.appendName(try #require(DomainName(labels: [[0xE1]])), compress: true)
        #expect(writer.count == start + 3)
    }

    @Test func beginForgetsEarlierMessages() throws {
        var writer = try writer()
        writer.begin(Header(id: MessageID(rawValue: 2), flags: HeaderFlags(rawValue: 0)))
        #expect(writer.count == 12)
        #expect(try append("web.Example.org", to: &writer).count == 17)
    }

    @Test func nothingBeyond16383IsPointedAt() throws {
        var writer = try writer("a.test")
        while writer.count < 16_383 { try writer.append(0 as UInt8) }
        // The first label stands at the last offset that a pointer can hold, the second behind it.
        #expect(try append("web.example.org", to: &writer).count == 17)
        #expect(try append("web.example.org", to: &writer) == [0xFF, 0xFF])
        #expect(try append("example.org", to: &writer).count == 13)
        #expect(try append("example.org", to: &writer).count == 13)
    }

    @Test func staysRightWhenTheTableIsFull() throws {
        var message = try ReadMessage(try writer("example.org").bytes)
        message.answer = try (0..<600).map { i in
            ResourceRecord(
                owner: try name("a\(i).b\(i % 7).example.org"),
                type: .a,
                ttl: 1,
                rdata: [1, 2, 3, 4]
            )
        }
        let octets = try message.write()
        #expect(try ReadMessage(octets.wireBytes) == message)
        let seenByLibldns = try LDNSMessage(octets.wireBytes)
        #expect(seenByLibldns.records(.answer) == message.answer.map(\.presentation))
        // Even then, what the table holds is used: each name ends in a pointer.
        #expect(octets.count < 600 * (1 + 4 + 1 + 2 + 2 + 14))
    }

    @Test func manyCasesOfOneNameAllKeepTheirOwn() throws {
        var message = try ReadMessage(try writer("a.test").bytes)
        message.answer = try (0..<256).map { bits in
            let text = "abcdefgh".enumerated().map {
                bits >> $0.offset & 1 == 1 ? $0.element.uppercased() : "\($0.element)"
            }
            return ResourceRecord(owner: try name(text.joined()), type: .ns, ttl: 1, rdata: [0])
        }
        let octets = try message.write()
        let read = try ReadMessage(octets.wireBytes)
        #expect(read.answer.map(\.presentation) == message.answer.map(\.presentation))
    }
}

@Suite struct MessageWriterTests {
    @Test func writesNumbersInNetworkOrder() throws {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0)))
        try writer.append(0x12 as UInt8)
        try writer.append(0x3456 as UInt16)
        try writer.append(0x789A_BCDE as UInt32)
        let (two, none): ([UInt8], [UInt8]) = ([1, 2], [])
        try writer.append(two.wireBytes)
        try writer.append(none.wireBytes)
        let octets = writer.bytes.toArray()
        #expect(octets.dropFirst(12) == [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 1, 2])
    }

    @Test func endRecordWritesTheLength() throws {
        var writer = try writer()
        let start = try writer.beginRecord(try name("web.example.org"), .txt, .chaos, ttl: 0x0102_0304)
        try writer.append(([1, 2, 3] as [UInt8]).wireBytes)
        try writer.endRecord(rdataOffset: start)
        let octets = writer.bytes.toArray()
        #expect(octets.suffix(15) == [0xC0, 12, 0, 16, 0, 3, 1, 2, 3, 4, 0, 3, 1, 2, 3])
    }

    @Test func cutsCharacterStringsAt255Octets() throws {
        var writer = try writer()
        let start = writer.count
        try writer.appendCharacterString(String(repeating: "a", count: 300))
        #expect(writer.count == start + 256)
        #expect(writer.bytes.uint8(at: start) == 255)
    }

    @Test func throwsWhenThereIsNoRoomAndWritesNothingBehindIt() throws {
        for room in 0..<12 {
            var writer = MessageWriter(capacity: 12 + room)
            writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0)))
            let name = try name("example.org")
            #expect(throws: WireError.messageTooLong) { try writer.appendName(name, compress: true) }
            #expect(writer.count == 12)
            for _ in 0..<room { try writer.append(0 as UInt8) }
            #expect(throws: WireError.messageTooLong) { try writer.append(0 as UInt8) }
            #expect(throws: WireError.messageTooLong) { try writer.append(0 as UInt16) }
            #expect(throws: WireError.messageTooLong) { try writer.append(0 as UInt32) }
            let octet: [UInt8] = [0]
            #expect(throws: WireError.messageTooLong) { try writer.append(octet.wireBytes) }
        }
    }

    @Test func aNameThatDidNotFitIsNotPointedAt() throws {
        var writer = try writer("a.test", capacity: 36)
        let long = try name("web.example.org")
        #expect(throws: WireError.messageTooLong) { try writer.appendName(long, compress: true) }
        #expect(try append("org", to: &writer).count == 5)
    }

    @Test func refusesRdataAndMessagesAbove65535Octets() throws {
        var writer = MessageWriter(capacity: 70_000)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0)))
        let start = try writer.beginRecord(DomainName(), .txt, .internet, ttl: 0)
        for _ in 0..<65_535 { try writer.append(0 as UInt8) }
        try writer.endRecord(rdataOffset: start)
        try writer.append(0 as UInt8)
        #expect(throws: WireError.messageTooLong) { try writer.endRecord(rdataOffset: start) }
    }
}

@Suite struct WireBufferTests {
    @Test func isZeroAndAsLargeAsAsked() {
        let buffer = WireBuffer(capacity: 5)
        #expect(buffer.capacity == 5)
        #expect(buffer.bytes.toArray() == [0, 0, 0, 0, 0])
    }

    @Test func comparesAllOctets() {
        for count in 0..<20 {
            let left = [UInt8](repeating: 7, count: count)
            let isSame = left.wireBytes.hasSameBytes(as: left.wireBytes)
            let isShorter = left.wireBytes.hasSameBytes(as: (left + [7]).wireBytes)
            #expect(isSame && !isShorter)
            for i in 0..<count {
                var right = left
                right[i] = 8
                let isEqual = left.wireBytes.hasSameBytes(as: right.wireBytes)
                #expect(!isEqual)
            }
        }
    }
}
