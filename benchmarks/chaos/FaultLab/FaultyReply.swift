// The messages of a faulty server (RFC 1035 §4.1), put together octet by octet.
import DNSWire

/// Builds the replies to one query.
struct FaultyReply {
    private let question: [UInt8]
    private let query: Query
    /// What an A record says.
    private let address: UInt32
    /// Seconds.
    private let timeToLive: UInt8

    /// Reads a query; nil when it is none that deserves an answer.
    ///
    /// - Parameter network: the first two octets of every address that the server answers.
    init?(to message: borrowing RawSpan, network: UInt16, timeToLive: UInt8) {
        guard case .query(let query) = Query.parse(message) else { return nil }
        self.query = query
        self.timeToLive = timeToLive
        question = (WireLimits.headerLength..<query.questionEnd).map { message.uint8(at: $0) }
        address = UInt32(network) << 16 | UInt32(Self.number(question))
    }

    /// The digits in a name's first label as a number, so that every name has an address of its own.
    static func number(_ name: [UInt8]) -> UInt16 {
        name.dropFirst().prefix(Int(name.first ?? 0)).reduce(0) { number, octet in
            (48...57).contains(octet) ? number &* 10 &+ UInt16(octet - 48) : number
        }
    }

    /// The right answer: one address; for other types than A there are no records.
    func answer() -> [UInt8] {
        query.qtype == .a ? message(records: 1, tail: record(length: 4)) : message()
    }

    /// The answer that a name has this address for a second.
    func answer(_ address: UInt32) -> [UInt8] {
        query.qtype == .a
            ? message(records: 1, tail: record(length: 4, address: address, timeToLive: 1)) : message()
    }

    /// A response without records.
    func failure(_ code: ResponseCode) -> [UInt8] { message(code: code) }

    /// A response that did not fit.
    func truncated() -> [UInt8] { message(flags: HeaderFlags.truncated) }

    /// The right answer under another ID.
    func withWrongID() -> [UInt8] {
        var octets = answer()
        octets[0] ^= 0x55
        octets[1] ^= 0xAA
        return octets
    }

    /// The answer to a question with another name.
    func withWrongQuestion() -> [UInt8] {
        var octets = answer()
        let first = WireLimits.headerLength + 1
        if octets.count > first { octets[first] = octets[first] & 0xDF == 0x51 ? 0x5A : 0x51 }
        return octets
    }

    /// A response whose record is longer than the message.
    func damaged() -> [UInt8] { message(records: 1, tail: record(length: 200)) }

    private func record(length: UInt8, address: UInt32? = nil, timeToLive: UInt8? = nil) -> [UInt8] {
        let address = address ?? self.address
        let owner = [0xC0, UInt8(WireLimits.headerLength)]
        let fixed = [0, 1, 0, 1, 0, 0, 0, timeToLive ?? self.timeToLive, 0, length]
        return owner + fixed + (0..<4).map { UInt8(truncatingIfNeeded: address >> (24 - 8 * $0)) }
    }

    private func message(
        code: ResponseCode = .noError,
        flags: UInt16 = 0,
        records: UInt8 = 0,
        tail: [UInt8] = []
    ) -> [UInt8] {
        let all = query.flags.reply(code, isAuthoritative: true).rawValue | flags
        let head = [query.id.rawValue, all].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let hasOPT = query.edns.isPresent
        let counts: [UInt8] = [0, 1, 0, records, 0, 0, 0, hasOPT ? 1 : 0]
        // 1,232 octets, no options (RFC 6891 §6.1.2).
        let options: [UInt8] = hasOPT ? [0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0] : []
        return head + counts + question + tail + options
    }
}
