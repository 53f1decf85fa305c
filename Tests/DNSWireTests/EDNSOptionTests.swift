import DNSWire
import Testing

/// Options are found where they are, and nowhere else.
@Suite struct EDNSOptionTests {
    private let question: [UInt8] = [1, 97, 0, 0, 1, 0, 1]

    private func option(_ code: UInt16, _ data: [UInt8]) -> [UInt8] {
        octets(code) + octets(UInt16(data.count)) + data
    }

    private func message(_ options: [UInt8]) -> [UInt8] {
        header(1, 0, 0, 1) + question + [0, 0, 41, 4, 208, 0, 0, 0, 0] + octets(UInt16(options.count))
            + options
    }

    private func query(_ octets: [UInt8]) throws -> Query {
        guard case .query(let query) = Query.parse(octets.wireBytes) else {
            throw WireError.badRdata
        }
        return query
    }

    @Test func aQuerySaysWhereItsPathIs() throws {
        let path = Array(repeating: UInt8(7), count: 16)
        let octets = message(option(10, [1, 2, 3]) + option(65_153, path) + option(3, []))
        let found = try query(octets).path(in: octets.wireBytes)
        let range = try #require(found)
        #expect(Array(octets[range]) == path)
    }

    @Test func aQueryWithoutPathHasNone() throws {
        for octets in [message([]), message(option(10, [1])), header() + question] {
            let query = try query(octets)
            #expect(query.pathOffset == 0)
            let found = query.path(in: octets.wireBytes)
            #expect(found == nil)
        }
    }

    @Test func theFirstOfTwoCounts() throws {
        let octets = message(option(65_153, [1]) + option(65_153, [2]))
        let found = try query(octets).path(in: octets.wireBytes)
        let range = try #require(found)
        #expect(Array(octets[range]) == [1])
    }

    @Test func anEmptyOptionIsFound() throws {
        let octets = message(option(65_153, []))
        let found = try query(octets).path(in: octets.wireBytes)
        #expect(found?.isEmpty == true)
    }

    @Test func theOPTOfAResponseIsFoundBehindOtherRecords() throws {
        let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1]
        let octets =
            header(flags: 0x8180, 1, 1, 0, 1) + question + record + [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 5]
            + option(10, [9])
        let read = Header(octets.wireBytes)
        let head = try #require(read)
        let opt = Message.opt(octets.wireBytes, head)
        let found = opt?.option(.cookie, in: octets.wireBytes)
        let range = try #require(found)
        #expect(Array(octets[range]) == [9])
        for count in 12..<octets.count {
            let cut = Array(octets.prefix(count))
            let none = Message.opt(cut.wireBytes, head)
            #expect(none == nil)
        }
    }
}
