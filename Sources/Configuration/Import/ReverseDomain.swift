import DNSWire
import Routing

/// Domains below in-addr.arpa (RFC 1035 §3.5) and ip6.arpa (RFC 3596 §2.5) as ranges of addresses, and back.
enum ReverseDomain {
    /// The range of a domain below one of both; nil when it is no range, as in RFC 2317.
    static func prefix(of domain: DomainName) -> IPPrefix? {
        let labels = domain.folded.labels.map { String(decoding: $0, as: UTF8.self) }
        guard labels.count > 2, labels.last == "arpa" else { return nil }
        let digits = labels.dropLast(2).reversed()
        switch labels[labels.count - 2] {
        case "in-addr":
            guard digits.count <= 4 else { return nil }
            let octets = digits + Array(repeating: "0", count: 4 - digits.count)
            return IPAddress(text: octets.joined(separator: ".")).flatMap {
                IPPrefix($0, length: digits.count * 8)
            }
        case "ip6":
            guard digits.count <= 32, digits.allSatisfy({ $0.count == 1 && $0.allSatisfy(\.isHexDigit) }),
                let bits = UInt128(digits.joined(), radix: 16)
            else { return nil }
            let free = 128 - digits.count * 4
            return IPPrefix(IPAddress(ipv6: bits << UInt128(free)), length: digits.count * 4)
        default: return nil
        }
    }

    /// The largest domain whose names all lie in a range, and begin where it begins.
    static func domain(of prefix: IPPrefix) -> DomainName? {
        let address = prefix.address
        let bitsPerLabel = address.isIPv4 ? 8 : 4
        let count = max((prefix.length + bitsPerLabel - 1) / bitsPerLabel, 1)
        let labels = (0..<count).map { i in
            let shift = UInt128(address.width - (i + 1) * bitsPerLabel)
            let value = (address.bits >> shift) & ((1 << UInt128(bitsPerLabel)) - 1)
            return Array(String(value, radix: address.isIPv4 ? 10 : 16).utf8)
        }
        let tree = address.isIPv4 ? "in-addr" : "ip6"
        return DomainName(labels: labels.reversed() + [Array(tree.utf8), Array("arpa".utf8)])
    }
}
