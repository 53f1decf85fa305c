import DNSWire
import QueryEvents
import Routing

/// A query of the log, with the names that its numbers stand for.
struct QueryRecord {
    var event: QueryEvent
    /// Nanoseconds since 1970.
    var receivedAt: UInt64
    /// The reply, or its first octets.
    var message: [UInt8]
    /// The cluster, or `default`; nil when the query was given to no route.
    var route: String?
    /// The server that was asked last.
    var upstream: String?

    /// QNAME and QTYPE; nil when the reply has no question.
    var question: (name: DomainName, type: RecordType)? {
        var at = WireLimits.headerLength
        let octets = message.wireBytes
        guard let header = Header(octets), header.questionCount == 1,
            let name = try? DomainName(octets, at: &at), at + 4 <= octets.byteCount
        else { return nil }
        return (name, RecordType(rawValue: octets.uint16(at: at)))
    }

    var flags: HeaderFlags { Header(message.wireBytes)?.flags ?? HeaderFlags(rawValue: 0) }

    var client: IPAddress {
        event.isIPv4
            ? IPAddress(ipv4: UInt32(truncatingIfNeeded: event.clientLow))
            : IPAddress(ipv6: UInt128(event.clientHigh) << 64 | UInt128(event.clientLow))
    }

    /// The client's address in network order.
    var clientOctets: [UInt8] {
        let bits = client.bits
        return (0..<client.width / 8).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt128($0 * 8)) }
    }

    /// Puts a number in the place of the name, and leaves of the reply header and question only: the records have
    /// names, too.
    mutating func hashName(_ hash: (DomainName) -> UInt64) {
        guard let question else {
            message = Array(message.prefix(WireLimits.headerLength))
            return clearCounts(questions: 0)
        }
        let digits = String(hash(question.name.folded), radix: 16)
        let label = Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
        let type = question.type.rawValue
        message = Array(message.prefix(WireLimits.headerLength))
        message += [16] + label + [0, UInt8(type >> 8), UInt8(type & 0xFF), 0, 1]
        clearCounts(questions: 1)
    }

    private mutating func clearCounts(questions: UInt8) {
        guard message.count >= WireLimits.headerLength else { return }
        message.replaceSubrange(4..<12, with: [0, questions, 0, 0, 0, 0, 0, 0])
    }
}
