import Glibc

/// An address and a port.
struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    var host: String
    var port: UInt16

    init(_ host: String, _ port: UInt16) {
        self.host = host
        self.port = port
    }

    var isIPv6: Bool { host.contains(":") }
    /// As configuration files write it.
    var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
    var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }

    /// Calls `body` with the address as the socket calls want it.
    func withSocketAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            unsafe inet_pton(AF_INET6, host, &address.sin6_addr)
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        unsafe inet_pton(AF_INET, host, &address.sin_addr)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Picks ports that nobody uses, below the range from which the kernel picks those of clients.
enum FreePort {
    private static let range: ClosedRange<UInt16> = 10_000...19_999

    /// A port that is free for UDP and TCP on all addresses of this machine.
    static func find() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: range)
            if isFree(port) { return port }
        }
        throw HarnessError("no free port in \(range)")
    }

    /// Whether the port is free for UDP and TCP, on IPv4 and IPv6.
    static func isFree(_ port: UInt16) -> Bool {
        let hosts = Machine.hasIPv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"]
        return hosts.allSatisfy { host in
            [SocketKind.datagram, .stream].allSatisfy { kind in
                guard let socket = try? Socket(kind, host.contains(":") ? AF_INET6 : AF_INET) else {
                    return false
                }
                socket.setOnlyIPv6()
                return socket.bind(to: Endpoint(host, port))
            }
        }
    }
}

/// What this machine can do.
enum Machine {
    static let hasIPv6: Bool = {
        guard let socket = try? Socket(.datagram, AF_INET6) else { return false }
        return socket.bind(to: Endpoint("::1", 0))
    }()
}
