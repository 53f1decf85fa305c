import CSystem
public import EventLoop
import Glibc

/// A socket that another process opened, bound and keeps, so that what waits in it outlives this one.
///
/// Several listeners may share it.
public struct InheritedSocket: Sendable {
    /// What it carries.
    public enum Kind: Sendable {
        case datagrams
        case streams
    }

    /// What it is bound to.
    public let address: SocketAddress
    public let kind: Kind
    private let fd: CInt

    /// Looks at a descriptor; throws EAFNOSUPPORT, EPROTOTYPE or EPROTO when it is not what a listener needs.
    public init(fd: CInt) throws(SystemError) {
        let type = try SystemError.check("getsockopt", csystem_option(fd, SOL_SOCKET, SO_TYPE))
        let family = try SystemError.check("getsockopt", csystem_option(fd, SOL_SOCKET, SO_DOMAIN))
        guard family == AF_INET || family == AF_INET6 else {
            throw SystemError(call: "getsockopt", errno: EAFNOSUPPORT)
        }
        kind = try Self.kind(fd, type)
        // It would report IPv4 clients by addresses of IPv6.
        if family == AF_INET6, csystem_option(fd, CInt(IPPROTO_IPV6), IPV6_V6ONLY) != 1 {
            throw SystemError(call: "getsockopt IPV6_V6ONLY", errno: EPROTO)
        }
        var system = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        try SystemError.check("getsockname", unsafe csystem_local_address(fd, &system, &length))
        guard let address = SocketAddress(system) else {
            throw SystemError(call: "getsockname", errno: EAFNOSUPPORT)
        }
        self.address = address
        self.fd = fd
    }

    private static func kind(_ fd: CInt, _ type: CInt) throws(SystemError) -> Kind {
        if type == CInt(SOCK_DGRAM.rawValue) { return .datagrams }
        let isListening = csystem_option(fd, SOL_SOCKET, SO_ACCEPTCONN) > 0
        if type == CInt(SOCK_STREAM.rawValue), isListening { return .streams }
        throw SystemError(call: "getsockopt", errno: EPROTOTYPE)
    }

    /// A descriptor of one's own, of the same socket.
    func duplicate() throws(SystemError) -> SocketDescriptor {
        SocketDescriptor(accepted: try SystemError.check("fcntl", csystem_duplicate(fd)))
    }
}
