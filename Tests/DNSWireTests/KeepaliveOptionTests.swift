import DNSWire
import Testing

@Suite struct KeepaliveOptionTests {
    /// A response with a question and an OPT record that has these options.
    private static func response(_ options: [UInt8], additional: UInt16 = 1) -> [UInt8] {
        header(flags: 0x8180, 1, 0, 0, additional) + [1, 0x61, 0] + octets(1) + octets(1)
            + [0] + octets(41) + octets(1232) + [0, 0, 0, 0] + octets(UInt16(options.count)) + options
    }

    private static func timeout(_ message: [UInt8]) -> Int? {
        KeepaliveOption.timeoutMilliseconds(in: message.wireBytes)
    }

    @Test func requestIsAnOptionWithoutOctets() throws {
        var writer = MessageWriter(capacity: 512)
        writer.begin(Header(id: MessageID(rawValue: 1), flags: HeaderFlags(rawValue: 0), questionCount: 0))
        try KeepaliveOption.appendRequest(to: &writer)
        let written = (12..<writer.count).map { writer.bytes.uint8(at: $0) }
        #expect(written == [0, 11, 0, 0])
    }

    @Test func timeoutIsReadInTenthsOfASecond() {
        #expect(Self.timeout(Self.response([0, 11, 0, 2, 0, 0])) == 0)
        #expect(Self.timeout(Self.response([0, 11, 0, 2, 1, 44])) == 30_000)
        #expect(Self.timeout(Self.response([0, 11, 0, 2, 0xFF, 0xFF])) == 6_553_500)
    }

    @Test func otherOptionsArePassedOver() {
        #expect(Self.timeout(Self.response([0, 15, 0, 3, 0, 1, 65, 0, 11, 0, 2, 0, 7])) == 700)
        #expect(Self.timeout(Self.response([0, 15, 0, 2, 0, 1])) == nil)
        #expect(Self.timeout(Self.response([])) == nil)
    }

    @Test(
        arguments: [
            [0, 11, 0, 0], [0, 11, 0, 1, 5], [0, 11, 0, 3, 0, 1, 2], [0, 11, 0, 2, 0], [0, 11, 0],
            [0, 3, 0, 9, 0, 11],
        ] as [[UInt8]]
    )
    func malformedOptionsGiveNoTimeout(options: [UInt8]) {
        #expect(Self.timeout(Self.response(options)) == nil)
    }

    @Test func messageThatIsCutGivesNoTimeout() {
        let whole = Self.response([0, 11, 0, 2, 0, 7])
        for count in 0..<whole.count { #expect(Self.timeout(Array(whole.prefix(count))) == nil) }
        #expect(Self.timeout(whole) == 700)
    }

    @Test func optionOutsideTheAdditionalSectionDoesNotCount() {
        var message = Self.response([0, 11, 0, 2, 0, 7])
        message.replaceSubrange(6..<12, with: [0, 1, 0, 0, 0, 0])
        #expect(Self.timeout(message) == nil)
    }
}
