// Addresses as DNS writes them: RDATA, reverse names, labels.
import DNSWire
import PresentationFormat
import Routing

extension IPAddress {
    /// A or AAAA.
    var recordType: RecordType { isIPv4 ? .a : .aaaa }

    /// The octets in network order: 4 or 16.
    var rdata: [UInt8] {
        (1...(width / 8)).map { UInt8(truncatingIfNeeded: bits >> UInt128(width - 8 * $0)) }
    }

    /// The address as one label: `10-244-1-5`, `fd00-10--1`.
    var dashed: String {
        let record = ResourceRecord(owner: DomainName(), type: recordType, ttl: 0, rdata: rdata)
        let text = record.presentation.split(separator: "\t").last ?? ""
        return String(text.map { $0 == "." || $0 == ":" ? "-" : $0 })
    }

    /// Reads an address written with dashes; nil when it is none.
    init?(dashed label: String) {
        guard label.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Character(UnicodeScalar($0)).isHexDigit })
        else { return nil }
        let isIPv4 = label.count(where: { $0 == "-" }) == 3 && !label.contains("--")
        let text = label.replacing("-", with: isIPv4 ? "." : ":")
        let type = isIPv4 ? "A" : "AAAA"
        guard let record = try? ResourceRecord(presentation: ". 0 IN \(type) \(text)") else { return nil }
        let bits = record.rdata.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        self = isIPv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : IPAddress(ipv6: bits)
    }

    /// The name that PTR records of the address have; with `prefixLength`, the zone of that prefix.
    ///
    /// The prefix must end between labels: after a whole octet of IPv4 or a nibble of IPv6.
    func reverseName(prefixLength: Int) -> DomainName? {
        let labelBits = isIPv4 ? 8 : 4
        precondition(prefixLength % labelBits == 0)
        let labels = stride(from: prefixLength, to: 0, by: -labelBits).map { end in
            let value = Int(truncatingIfNeeded: bits >> UInt128(width - end)) & (1 << labelBits - 1)
            return Array(String(value, radix: isIPv4 ? 10 : 16).utf8)
        }
        return DomainName(labels: labels + [Array((isIPv4 ? "in-addr" : "ip6").utf8), Array("arpa".utf8)])
    }
}
