import DNSWire
import Testing

/// Walks all records; throws what the cursor throws.
private func walk(_ octets: [UInt8], from offset: Int = 12) throws(WireError) -> [RecordView] {
    let message = octets.wireBytes
    guard let header = Header(message) else { throw .truncated }
    var cursor = RecordCursor(header: header, offset: offset)
    var views: [RecordView] = []
    while let view = try cursor.next(message) { views.append(view) }
    return views
}

@Suite struct RecordCursorTests {
    private let a: [UInt8] = [1, 97, 0, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 1]

    @Test func walksTheSectionsInOrder() throws {
        let views = try walk(header(0, 1, 2, 1) + a + a + a + a)
        #expect(views.map(\.section) == [.answer, .authority, .authority, .additional])
        let last = try #require(views.last)
        #expect(last.ownerOffset == 12 + 3 * 17 && last.rdataOffset == last.ownerOffset + 13)
        #expect(last.type == .a && last.recordClass == .internet && last.ttl == 30 && last.rdataLength == 4)
    }

    @Test func readsATTLAsItStandsOnTheWire() throws {
        let views = try walk(header(0, 1) + [0, 0, 1, 0, 1, 0xFF, 0xFE, 0xFD, 0xFC, 0, 0])
        #expect(views.first?.ttl == 0xFFFE_FDFC)
    }

    @Test func isTruncatedAtEveryOctet() throws {
        let whole = header(0, 1, 0, 1) + a + a
        #expect(try walk(whole).count == 2)
        for count in 12..<whole.count {
            #expect(throws: WireError.truncated) { try walk(Array(whole.prefix(count))) }
        }
    }

    @Test func endsWhenTheCountsPromiseMoreThanTheOctetsHold() {
        #expect(throws: WireError.truncated) { try walk(header(0, 0xFFFF, 0xFFFF, 0xFFFF) + a) }
    }

    @Test func leavesTrailingOctetsToTheReader() throws {
        let octets = header(0, 1) + a + [1, 2, 3]
        let message = octets.wireBytes
        let read = Header(message)
        var cursor = RecordCursor(header: try #require(read), offset: 12)
        while try cursor.next(message) != nil {}
        #expect(cursor.offset == octets.count - 3)
    }

    @Test func ownersMayEndInAPointer() throws {
        let views = try walk(header(0, 1) + [1, 97, 0xC0, 0xFF, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
        #expect(views.count == 1)
    }

    @Test func refusesOwnersThatAreNoNames() {
        let rest: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(throws: WireError.badLabel) { try walk(header(0, 1) + [0x40] + rest) }
        #expect(throws: WireError.badLabel) { try walk(header(0, 1) + [0x80] + rest) }
        let long = label(63) + label(63) + label(63)
        #expect(throws: WireError.nameTooLong) { try walk(header(0, 1) + long + label(62) + [0] + rest) }
        #expect(throws: Never.self) { try walk(header(0, 1) + long + label(61) + [0] + rest) }
    }
}
