import DNSWire
import PresentationFormat

/// Reads host names (RFC 952, RFC 1123 §2.1).
enum HostNameText {
    /// The part of an endpoint in front of its port that is meant as a host name; nil when it is meant as an address.
    static func host(of endpoint: String) -> Substring? {
        let colon = endpoint.utf8.firstIndex(of: UInt8(ascii: ":")) ?? endpoint.endIndex
        let host = endpoint[..<colon]
        // Brackets, a second colon, a zone index or a prefix length are signs of an address.
        guard host.utf8.contains(where: { (0x61...0x7A).contains($0 | 0x20) }),
            endpoint.utf8.count(where: { $0 == UInt8(ascii: ":") }) <= 1,
            !host.utf8.contains(where: { [UInt8(ascii: "["), UInt8(ascii: "%")].contains($0) })
        else { return nil }
        return host
    }

    /// Reads a host name of at least `labels` labels, with or without the dot at the end; letters are folded.
    static func parse(_ text: String, labels minimum: Int) throws(InvalidValue) -> DomainName {
        let name: DomainName
        do throws(PresentationError) {
            name = try DomainName(presentation: text).folded
        } catch {
            throw InvalidValue(error.message)
        }
        let labels = name.labels
        guard labels.allSatisfy({ isLabel($0[...]) }) else {
            throw InvalidValue("\(quoted(text)) is no host name; use letters, digits and inner hyphens")
        }
        guard labels.count >= minimum else {
            throw InvalidValue(
                "\(quoted(text)) is a host name of one label; write the whole name or the IP address"
            )
        }
        guard labels.last?.allSatisfy({ (0x30...0x39).contains($0) }) == false else {
            throw InvalidValue("\(quoted(text)) ends in a number and is no IP address; correct it")
        }
        return name
    }

    /// Whether these are letters in lower case, digits and inner hyphens, 1 to 63.
    static func isLabel(_ label: some BidirectionalCollection<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { $0 == hyphen || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}
