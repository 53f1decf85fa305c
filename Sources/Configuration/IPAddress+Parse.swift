// Addresses from text: IPv4 as four decimal octets, IPv6 by RFC 4291 §2.2.

public import Routing

extension IPAddress {
    /// Reads an address without brackets, scope or port; nil when `text` is none.
    ///
    /// Octets with leading zeros are refused, because some tools read them as octal numbers.
    public init?(text: some StringProtocol) {
        let octets = Array(text.utf8)
        if octets.contains(UInt8(ascii: ":")) {
            guard let bits = Self.ipv6(octets) else { return nil }
            self.init(ipv6: bits)
        } else {
            guard let bits = Self.ipv4(octets[...]) else { return nil }
            self.init(ipv4: bits)
        }
    }
}

extension IPPrefix {
    /// The prefix as text: `10.0.0.0/8`.
    public var text: String { "\(address)/\(length)" }
}

// MARK: - IPv4

extension IPAddress {
    private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let octet = number(part, radix: 10), octet <= 255
            else { return nil }
            bits = bits << 8 | octet
        }
        return bits
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: UInt32) -> UInt32? {
        var value: UInt32 = 0
        for octet in digits {
            let digit: UInt32
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(octet - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(octet - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(octet - UInt8(ascii: "A") + 10)
            default: return nil
            }
            guard digit < radix else { return nil }
            value = value * radix + digit
        }
        return value
    }
}

// MARK: - IPv6

extension IPAddress {
    private static func ipv6(_ text: [UInt8]) -> UInt128? {
        let colon = UInt8(ascii: ":")
        guard text.count <= 45 else { return nil }
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        guard let gap else {
            guard let groups = groups(text[...]), groups.count == 8 else { return nil }
            return bits(groups)
        }
        let (head, tail) = (text[..<gap], text[(gap + 2)...])
        // An IPv4 tail stands at the very end only.
        guard let front = groups(head), let back = groups(tail), !head.contains(UInt8(ascii: ".")),
            front.count + back.count <= 7
        else { return nil }
        return bits(front + Array(repeating: 0, count: 8 - front.count - back.count) + back)
    }

    /// Reads groups of hexadecimal digits, the last of which may be an IPv4 address.
    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (i, part) in parts.enumerated() {
            if i == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let tail = ipv4(part) else { return nil }
                groups += [UInt16(tail >> 16), UInt16(tail & 0xFFFF)]
            } else {
                guard (1...4).contains(part.count), let group = number(part, radix: 16) else { return nil }
                groups.append(UInt16(group))
            }
        }
        return groups.count <= 8 ? groups : nil
    }

    private static func bits(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }
}
