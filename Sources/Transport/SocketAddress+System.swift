import CSystem
import Glibc

/// The kernel's form of addresses: `sockaddr_in6` has room for both families, CSystem asserts it.
extension SocketAddress {
    /// Reads what the kernel wrote; nil when it is of neither family.
    init?(_ system: borrowing sockaddr_in6) {
        switch CInt(system.sin6_family) {
        case AF_INET:
            // The port lies at the same place; the address where IPv6 has its flow label.
            self.init(
                ipv4: UInt32(bigEndian: system.sin6_flowinfo),
                port: UInt16(bigEndian: system.sin6_port)
            )
        case AF_INET6:
            let words = unsafe unsafeBitCast(system.sin6_addr, to: (UInt64, UInt64).self)
            let bits = UInt128(UInt64(bigEndian: words.0)) << 64 | UInt128(UInt64(bigEndian: words.1))
            self.init(ipv6: bits, port: UInt16(bigEndian: system.sin6_port), scopeID: system.sin6_scope_id)
        default:
            return nil
        }
    }

    /// The kernel's form; of it, `systemLength` octets count.
    var system: sockaddr_in6 {
        var system = sockaddr_in6()
        system.sin6_family = sa_family_t(family)
        system.sin6_port = port.bigEndian
        if isIPv4 {
            system.sin6_flowinfo = UInt32(truncatingIfNeeded: low).bigEndian
        } else {
            system.sin6_addr = unsafe unsafeBitCast((high.bigEndian, low.bigEndian), to: in6_addr.self)
            system.sin6_scope_id = scopeID
        }
        return system
    }

    /// The octets of `system` that count.
    var systemLength: socklen_t {
        socklen_t(isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
    }

    /// AF_INET or AF_INET6.
    var family: CInt { isIPv4 ? AF_INET : AF_INET6 }
}

extension SocketAddress: CustomStringConvertible {
    /// `192.0.2.1:53`, `[2001:db8::1]:53`; a link-local address with the number of its interface.
    public var description: String {
        var system = system.sin6_addr
        var v4 = UInt32(truncatingIfNeeded: low).bigEndian
        let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) {
            buffer in
            let written =
                isIPv4
                ? unsafe inet_ntop(AF_INET, &v4, buffer.baseAddress, socklen_t(buffer.count))
                : unsafe inet_ntop(AF_INET6, &system, buffer.baseAddress, socklen_t(buffer.count))
            guard let written = unsafe written else { return "?" }
            return unsafe String(cString: written)
        }
        if isIPv4 { return "\(text):\(port)" }
        return scopeID == 0 ? "[\(text)]:\(port)" : "[\(text)%\(scopeID)]:\(port)"
    }
}
