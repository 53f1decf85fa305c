/// Reads the query of a target: `name=web&type=A` (application/x-www-form-urlencoded).
enum HTTPQuery {
    /// The fields in their order; what is no valid escape stays as it is.
    static func fields(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count == 2 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "+"): octets.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                if let value = escaped(rest.prefix(2)) {
                    octets.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    octets.append(octet)
                }
            default: octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    private static func escaped(_ digits: Substring.UTF8View.SubSequence) -> UInt8? {
        guard digits.count == 2, digits.first != UInt8(ascii: "+") else { return nil }
        return UInt8(Substring(digits), radix: 16)
    }
}
