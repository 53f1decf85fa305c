// The private EDNS option by which a query that comes back to us is known (RFC 6891 §9):
//
//      0         4               12         16
//    | server  | tag           | question | one for each Switchyard that the query came through
//
import DNSWire
import Routing

/// The forwarders that a query came through, as they stand in the option's data.
enum QueryPath {
    /// Octets of one hop.
    static let hopLength = 16

    /// One forwarder's mark; only the one that wrote it can read it.
    struct Hop: Equatable {
        /// The server that it sent the query to.
        var upstream: UpstreamID
        /// What it tells nobody but this server.
        var tag: UInt64
        /// The question that it asked.
        var question: UInt32

        /// Writes the hop behind those before.
        func write(to writer: inout MessageWriter) throws(WireError) {
            try writer.append(UInt64(UInt32(bitPattern: upstream.rawValue)) << 32 | tag >> 32)
            try writer.append(tag << 32 | UInt64(question))
        }

        init(upstream: UpstreamID, tag: UInt64, question: UInt32) {
            self.upstream = upstream
            self.tag = tag
            self.question = question
        }

        /// Reads the hop at an offset; traps outside the span.
        init(_ path: borrowing RawSpan, at offset: Int) {
            upstream = UpstreamID(rawValue: Int32(bitPattern: path.uint32(at: offset)))
            tag = path.uint64(at: offset + 4)
            question = path.uint32(at: offset + 12)
        }
    }

    /// What stands for a question in a hop, whatever the case of its letters.
    static func questionHash(foldedHash: UInt32, _ qtype: RecordType) -> UInt32 {
        foldedHash ^ UInt32(qtype.rawValue) &* 0x9E37_79B1
    }
}

/// The name of the question by which a server is asked whether it sends queries back to us.
///
/// It tells what the path tells, for servers that do not pass options on:
/// `switchyard-loop-<tag><server><time>.<domain>`.
enum LoopProbe {
    private static let prefix = Array("switchyard-loop-".utf8)
    /// Octets of the first label: prefix, and eight, four and four octets in hexadecimal.
    private static let labelLength = prefix.count + 32

    /// A name in a domain that no cache knows; nil when it is too long.
    static func name(_ upstream: UpstreamID, tag: UInt64, now: UInt64, in domain: DomainName) -> DomainName? {
        let number = UInt64(UInt32(bitPattern: upstream.rawValue)) << 32 | now & 0xFFFF_FFFF
        return domain.prepending(prefix + hexadecimal(tag) + hexadecimal(number))
    }

    /// The server that a question was sent to and its tag, if it is such a name.
    static func read(_ message: borrowing RawSpan, qnameLength: Int) -> (upstream: UpstreamID, tag: UInt64)? {
        let start = WireLimits.headerLength + 1
        guard qnameLength > labelLength + 1, message.uint8(at: start - 1) == UInt8(labelLength) else {
            return nil
        }
        let begin = message.extracting(start..<start + prefix.count)
        guard begin.hasSameFoldedBytes(as: prefix.wireBytes),
            let tag = number(message, at: start + prefix.count),
            let rest = number(message, at: start + prefix.count + 16)
        else { return nil }
        return (UpstreamID(rawValue: Int32(truncatingIfNeeded: rest >> 32)), tag)
    }

    private static func hexadecimal(_ number: UInt64) -> [UInt8] {
        (0..<16).map { digit in
            let value = UInt8(number >> UInt64(60 - 4 * digit) & 0xF)
            return value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        }
    }

    private static func number(_ message: borrowing RawSpan, at offset: Int) -> UInt64? {
        var number: UInt64 = 0
        for i in 0..<16 {
            let digit = foldASCII(message.uint8(at: offset + i))
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}
