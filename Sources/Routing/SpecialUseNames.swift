// Names and address ranges that never leave this server (RFC 6761, RFC 6762 §22.1, RFC 6303, RFC 7686,
// RFC 7793, RFC 8375, RFC 9462 §6.1, RFC 9476).
public import DNSWire

/// What is answered here, unless a cluster has it.
public enum SpecialUseNames {
    /// Whether a name is at or below one of them.
    public static func contain(_ name: DomainName) -> Bool {
        domains.contains { name.isAtOrBelow($0) }
    }

    /// Whether the reverse names of a range are.
    public static func contain(_ range: IPPrefix) -> Bool {
        let ranges =
            range.address.isIPv4
            ? ipv4Ranges.map { IPPrefix(IPAddress(ipv4: $0.0), length: $0.1) }
            : ipv6Ranges.map { IPPrefix(IPAddress(ipv6: $0.0), length: $0.1) }
        return ranges.contains { $0.map { $0.length <= range.length && $0.contains(range.address) } ?? false }
    }

    private static let domains = (absent + [localhost, resolver]).compactMap { DomainName($0) }

    /// Domains that do not exist in the DNS: NXDOMAIN below, NODATA at the domain itself.
    static let absent = ["local", "invalid", "test", "onion", "alt", "home.arpa"]
    /// Loopback addresses at and below it (RFC 6761 §6.3).
    static let localhost = "localhost"
    /// Answered with NODATA: this server designates no encrypted resolver (RFC 9462 §6.1).
    static let resolver = "resolver.arpa"

    /// How many names these are.
    static let count = absent.count + 2

    /// Ranges whose reverse names are answered here unless a cluster claims them.
    static let ipv4Ranges: [(UInt32, Int)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16),
        (0xAC10_0000, 12), (0xC000_0200, 24), (0xC0A8_0000, 16), (0xC633_6400, 24), (0xCB00_7100, 24),
        (0xFFFF_FFFF, 32),
    ]
    static let ipv6Ranges: [(UInt128, Int)] = [
        (0, 128), (1, 128), (0xFD << 120, 8), (0xFE80 << 112, 10), (0x2001_0DB8 << 96, 32),
    ]
}
