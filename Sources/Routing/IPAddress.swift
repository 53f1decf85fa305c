/// An IPv4 or IPv6 address as a number.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    public var isIPv4: Bool
    /// The address in the machine's order; IPv4 in the low 32 bits.
    public var bits: UInt128

    public init(ipv4: UInt32) {
        isIPv4 = true
        bits = UInt128(ipv4)
    }

    public init(ipv6: UInt128) {
        isIPv4 = false
        bits = ipv6
    }

    /// The number of bits: 32 or 128.
    @inline(always)
    public var width: Int { isIPv4 ? 32 : 128 }

    /// The address with an IPv4-mapped IPv6 address (::ffff:0:0/96) turned into the IPv4 address it stands for.
    public var unmapped: IPAddress {
        !isIPv4 && bits >> 32 == 0xFFFF ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : self
    }
}

/// A range of addresses: the first `length` bits are fixed.
public struct IPPrefix: Hashable, Sendable, BitwiseCopyable {
    /// The lowest address of the range; the bits behind `length` are zero.
    public let address: IPAddress
    /// The number of fixed bits, 0 to 32 or 0 to 128.
    public let length: Int

    /// Makes a prefix; nil when `length` is out of range or `address` has bits set behind it.
    public init?(_ address: IPAddress, length: Int) {
        guard length >= 0, length <= address.width else { return nil }
        let hostMask: UInt128 = length == address.width ? 0 : UInt128.max >> (128 - (address.width - length))
        guard address.bits & hostMask == 0 else { return nil }
        self.address = address
        self.length = length
    }

    /// The lowest and the highest address of the range.
    public var range: ClosedRange<UInt128> {
        let width = address.width
        let hostMask: UInt128 = length == width ? 0 : UInt128.max >> (128 - (width - length))
        return address.bits...(address.bits | hostMask)
    }

    public func contains(_ other: IPAddress) -> Bool {
        other.isIPv4 == address.isIPv4 && range.contains(other.bits)
    }
}
