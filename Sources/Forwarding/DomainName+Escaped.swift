public import DNSWire

extension DomainName {
    /// The name as text, without a last dot but for the root; octets that are no plain characters are escaped
    /// (RFC 1035 §5.1).
    public var escaped: String {
        isRoot ? "." : labels.map { $0.map(Self.escaped).joined() }.joined(separator: ".")
    }

    private static func escaped(_ octet: UInt8) -> String {
        switch octet {
        case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "@"), UInt8(ascii: "$"):
            return "\\" + String(UnicodeScalar(octet))
        case 0x21...0x7E: return String(UnicodeScalar(octet))
        default:
            let digits = String(octet)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }
}
