/// An IP address with a port: one end of a datagram or of a connection.
public struct SocketAddress: Hashable, Sendable, BitwiseCopyable {
    /// The address in the machine's order, in two halves; IPv4 in the low 32 bits of `low`.
    let high: UInt64
    let low: UInt64
    /// The interface of a link-local IPv6 address, else 0.
    public let scopeID: UInt32
    public let port: UInt16
    public let isIPv4: Bool

    /// Makes an IPv4 address from its number: 127.0.0.1 is 0x7F000001.
    public init(ipv4: UInt32, port: UInt16) {
        high = 0
        low = UInt64(ipv4)
        scopeID = 0
        self.port = port
        isIPv4 = true
    }

    /// Makes an IPv6 address from its number: ::1 is 1.
    public init(ipv6: UInt128, port: UInt16, scopeID: UInt32 = 0) {
        high = UInt64(truncatingIfNeeded: ipv6 >> 64)
        low = UInt64(truncatingIfNeeded: ipv6)
        self.scopeID = scopeID
        self.port = port
        isIPv4 = false
    }

    /// The address as a number; IPv4 in the low 32 bits.
    public var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// The address as a number, when it is IPv4.
    public var ipv4: UInt32? { isIPv4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// The address as a number, when it is IPv6.
    public var ipv6: UInt128? { isIPv4 ? nil : bits }

    /// Says whether it is 0.0.0.0 or ::, which stand for all addresses of the machine.
    public var isWildcard: Bool { high == 0 && low == 0 }

    /// Says whether it is an IPv6 address of one link (fe80::/10), which means nothing without its interface.
    public var isLinkLocalIPv6: Bool { !isIPv4 && high >> 54 == 0x3FA }

    /// The same address with another port.
    public func with(port: UInt16) -> SocketAddress {
        isIPv4
            ? SocketAddress(ipv4: UInt32(truncatingIfNeeded: low), port: port)
            : SocketAddress(ipv6: bits, port: port, scopeID: scopeID)
    }
}
