// Addresses with ports, and address ranges, as the configuration writes them.

public import Routing

/// Reads `10.0.0.1`, `10.0.0.1:53`, `::1` and `[::1]:53`.
enum EndpointText {
    /// Reads an address and a port, 53 where there is none.
    static func parse(_ text: String) throws(InvalidValue) -> (address: IPAddress, port: UInt16) {
        try parse(text, defaultPort: 53)
    }

    /// Reads an address and a port.
    static func parse(
        _ text: String,
        defaultPort: UInt16
    ) throws(InvalidValue) -> (address: IPAddress, port: UInt16) {
        if text.utf8.contains(UInt8(ascii: "/")), text.contains("://") {
            throw InvalidValue(
                "\(quoted(text)) has a scheme, which only `servers` may have; write the address alone"
            )
        }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw InvalidValue("\(quoted(text)) has no closing bracket; write [ADDRESS]:PORT")
            }
            let inner = text[text.index(after: text.startIndex)..<end]
            let address = try address(inner, in: text)
            guard !address.isIPv4 else {
                throw InvalidValue("IPv4 addresses have no brackets; write \(address)")
            }
            return (address, try port(text[text.index(after: end)...], default: defaultPort, in: text))
        }
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons == 1, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            return (try address(text[...], in: text), defaultPort)
        }
        guard colon != text.startIndex else {
            throw InvalidValue("\(quoted(text)) has no address in front of the port; write 127.0.0.1\(text)")
        }
        let port = try port(text[colon...], default: defaultPort, in: text)
        return (try address(text[..<colon], in: text), port)
    }

    /// Reads `:53`; nothing at all means the default.
    static func port(
        _ rest: Substring,
        default defaultPort: UInt16,
        in text: String
    ) throws(InvalidValue) -> UInt16 {
        guard !rest.isEmpty else { return defaultPort }
        let digits = rest.dropFirst()
        guard rest.first == ":", !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits), port > 0
        else {
            throw InvalidValue(
                "\(quoted(text)) has no valid port; write a number from 1 to 65535 after the colon"
            )
        }
        return port
    }

    private static func address(_ part: Substring, in text: String) throws(InvalidValue) -> IPAddress {
        guard let address = IPAddress(text: part) else { throw complaint(about: part, in: text) }
        guard address == address.unmapped else {
            throw InvalidValue(
                "\(quoted(text)) is an IPv4 address in IPv6 form; write \(address.unmapped)"
            )
        }
        // `::1:53` is the address ::0.1.0.83, which nobody has (RFC 4291 §2.5.5.1).
        if !address.isIPv4, address.bits >> 32 == 0, address.bits > 1 {
            throw InvalidValue("\(quoted(text)) is no usable address; write IPv6 with a port as \"[::1]:53\"")
        }
        if !address.isIPv4, address.bits >> 118 == 0xFE80 >> 6 {
            throw InvalidValue(
                "\(quoted(text)) is link-local and needs an interface, which this version does not support;"
                    + " use another address"
            )
        }
        if address.isMulticast { throw InvalidValue("\(quoted(text)) is a multicast address; use another") }
        return address
    }

    private static func complaint(about part: Substring, in text: String) -> InvalidValue {
        let name = quoted(text)
        if text.isEmpty { return InvalidValue("the address is empty; write one such as 10.0.0.10:53") }
        if part.contains("%") {
            return InvalidValue(
                "\(name) names an interface with `%`, which this version does not support;"
                    + " use another address"
            )
        }
        if let hash = text.firstIndex(of: "#"), IPAddress(text: text[..<hash]) != nil {
            return InvalidValue("\(name) has its port after `#`; write it after a colon")
        }
        if let slash = part.firstIndex(of: "/"), IPAddress(text: part[..<slash]) != nil {
            return InvalidValue("\(name) is a range of addresses; write one address")
        }
        if part.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return InvalidValue("\(name) is no address; write one with a port, such as 127.0.0.1:53")
        }
        let isHostName = part.utf8.contains { $0 | 0x20 > 0x66 && $0 | 0x20 <= 0x7A }
        if isHostName, !part.contains(":") {
            return InvalidValue(
                "\(name) is a host name, which only `servers` may have; write its IP address"
            )
        }
        return InvalidValue("\(name) is no IP address; write one such as 10.0.0.10 or \"[2001:db8::10]:53\"")
    }
}

/// Reads `10.0.0.0/8`.
enum PrefixText {
    /// Reads a range; a single address is one, too, where `allowsAddress`.
    static func parse(_ text: String, allowsAddress: Bool) throws(InvalidValue) -> IPPrefix {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(text: first) else {
            throw InvalidValue(
                "\(quoted(text)) is no address range; write one such as 10.96.0.0/12 or \"fd00::/108\""
            )
        }
        guard address == address.unmapped else {
            throw InvalidValue("\(quoted(text)) is IPv4 in IPv6 form; write the IPv4 range")
        }
        guard parts.count == 2 else {
            let whole = "\(address)/\(address.width)"
            guard allowsAddress, let prefix = IPPrefix(address, length: address.width) else {
                throw InvalidValue(
                    "\(quoted(text)) has no prefix length; write \(whole) for this one address"
                )
            }
            return prefix
        }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1]), length <= address.width
        else {
            throw InvalidValue(
                "\(quoted(text)) has no valid prefix length;"
                    + " write a number from 0 to \(address.width) after `/`"
            )
        }
        guard let prefix = IPPrefix(address, length: length) else {
            let mask = length == 0 ? 0 : ~UInt128(0) << UInt128(address.width - length)
            let low =
                address.isIPv4
                ? IPAddress(ipv4: UInt32(truncatingIfNeeded: address.bits & mask))
                : IPAddress(ipv6: address.bits & mask)
            throw InvalidValue("\(quoted(text)) has bits set behind its prefix; write \(low)/\(length)")
        }
        return prefix
    }
}

extension IPAddress {
    /// Whether this is a multicast or broadcast address (RFC 5771, RFC 919 §7, RFC 4291 §2.7).
    var isMulticast: Bool {
        isIPv4 ? bits >> 28 == 0xE || bits == 0xFFFF_FFFF : bits >> 120 == 0xFF
    }

    /// Whether this stands for all addresses of the host.
    var isUnspecified: Bool { bits == 0 }

    /// Whether this is the host itself (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    public var isLoopback: Bool { isIPv4 ? bits >> 24 == 127 : bits == 1 }
}
