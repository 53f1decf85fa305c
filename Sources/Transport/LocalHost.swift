// What the machine says of itself.
import CSystem
import Glibc

/// Name and addresses of this machine.
public enum LocalHost {
    /// The host's name; "localhost" when the system does not say.
    public static func name() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The addresses of all interfaces that are up; ports are 0.
    public static func addresses() -> [SocketAddress] {
        var first: UnsafeMutablePointer<ifaddrs>? = nil
        guard unsafe getifaddrs(&first) == 0 else { return [] }
        defer { unsafe freeifaddrs(first) }
        var result: [SocketAddress] = []
        var next = unsafe first
        while let interface = unsafe next {
            if let address = unsafe interface.pointee.ifa_addr, let known = unsafe read(address) {
                result.append(known)
            }
            unsafe next = interface.pointee.ifa_next
        }
        return result
    }

    private static func read(_ address: UnsafeMutablePointer<sockaddr>) -> SocketAddress? {
        switch unsafe CInt(address.pointee.sa_family) {
        case AF_INET:
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { ipv4 in
                SocketAddress(ipv4: UInt32(bigEndian: unsafe ipv4.pointee.sin_addr.s_addr), port: 0)
            }
        case AF_INET6:
            return unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { ipv6 in
                let octets = unsafe ipv6.pointee.sin6_addr
                let bits = unsafe withUnsafeBytes(of: octets) { bytes in
                    unsafe bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
                }
                return SocketAddress(ipv6: bits, port: 0)
            }
        default: return nil
        }
    }
}
