import CSystem
import EventLoop
import Glibc

/// An open socket that does not block; closed at the end of its life.
struct SocketDescriptor: ~Copyable {
    let fd: CInt

    /// The kinds of socket.
    enum Kind {
        case datagram
        case stream
    }

    /// Opens a socket of the family of `address`.
    init(_ kind: Kind, for address: SocketAddress) throws(SystemError) {
        let type = kind == .datagram ? SOCK_DGRAM : SOCK_STREAM
        fd = try SystemError.check("socket", csystem_socket(address.family, CInt(type.rawValue)))
    }

    /// Takes over a descriptor that was accepted.
    init(accepted fd: CInt) { self.fd = fd }

    deinit { csystem_close(fd) }

    /// Hands the descriptor over to somebody who closes it.
    consuming func release() -> CInt {
        let fd = fd
        discard self
        return fd
    }

    // MARK: - Options

    /// Sets what every listening socket has: workers share the port, IPv4 is not served by IPv6 sockets.
    func prepareToListen(on address: SocketAddress) throws(SystemError) {
        try setOption("SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1)
        if !address.isIPv4 { try setOption("IPV6_V6ONLY", CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    }

    /// Asks for the local address of each datagram, which only wildcard sockets need.
    func reportLocalAddress(family: CInt) throws(SystemError) {
        if family == AF_INET {
            try setOption("IP_PKTINFO", CInt(IPPROTO_IP), IP_PKTINFO, 1)
        } else {
            try setOption("IPV6_RECVPKTINFO", CInt(IPPROTO_IPV6), IPV6_RECVPKTINFO, 1)
        }
    }

    /// Ignores path MTU messages, which anybody can forge to make us send fragments (RFC 9715 §3.1).
    ///
    /// The kernel fragments by the interface's MTU alone then. Best effort: old kernels lack it.
    func ignorePathMTU(family: CInt) {
        if family == AF_INET {
            _ = csystem_set_option(fd, CInt(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
        } else {
            _ = csystem_set_option(fd, CInt(IPPROTO_IPV6), IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
        }
    }

    /// Asks for large kernel buffers, so that a pause of the worker loses nothing; the system may give less.
    func enlargeBuffers() {
        _ = csystem_set_option(fd, SOL_SOCKET, SO_RCVBUF, CInt(TransportLimits.socketBufferSize))
        _ = csystem_set_option(fd, SOL_SOCKET, SO_SNDBUF, CInt(TransportLimits.socketBufferSize))
    }

    /// Sends what is written at once: our writes are whole messages.
    func sendWithoutDelay() throws(SystemError) {
        try setOption("TCP_NODELAY", CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// Lets a stopped server's connections in TIME_WAIT not keep the port from its successor.
    func reuseAddress() throws(SystemError) {
        try setOption("SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1)
    }

    private func setOption(_ name: String, _ level: CInt, _ option: CInt, _ value: CInt) throws(SystemError) {
        try SystemError.check("setsockopt \(name)", csystem_set_option(fd, level, option, value))
    }

    // MARK: - Addresses

    func bind(to address: SocketAddress) throws(SystemError) {
        var system = address.system
        try SystemError.check("bind", unsafe csystem_bind(fd, &system, address.systemLength))
    }

    func listen() throws(SystemError) {
        try SystemError.check("listen", csystem_listen(fd, TransportLimits.backlog))
    }

    /// Connects; returns false when that is still going on.
    func connect(to address: SocketAddress) throws(SystemError) -> Bool {
        var system = address.system
        let result = unsafe csystem_connect(fd, &system, address.systemLength)
        if result == -EINPROGRESS { return false }
        try SystemError.check("connect", result)
        return true
    }

    /// The address that the socket has here, with the port that the kernel chose.
    func localAddress() throws(SystemError) -> SocketAddress {
        var system = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        try SystemError.check("getsockname", unsafe csystem_local_address(fd, &system, &length))
        guard let address = SocketAddress(system) else {
            throw SystemError(call: "getsockname", errno: EAFNOSUPPORT)
        }
        return address
    }
}
