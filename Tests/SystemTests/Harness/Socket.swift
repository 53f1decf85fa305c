import Glibc

enum SocketKind: Sendable {
    case datagram
    case stream
}

/// A socket that is closed with the last reference to it.
///
/// Calls that wait take a limit.
final class Socket: Sendable {
    let fd: Int32

    init(_ kind: SocketKind, _ family: Int32) throws {
        let type = kind == .datagram ? SOCK_DGRAM : SOCK_STREAM
        fd = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw HarnessError("cannot make a socket: errno \(errno)") }
        // Neither connecting nor sending may wait for ever.
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private init(adopting fd: Int32) { self.fd = fd }

    deinit { close(fd) }

    /// A datagram socket that sends to and receives from one address only.
    static func datagrams(to endpoint: Endpoint) throws -> Socket {
        let socket = try Socket(.datagram, endpoint.family)
        guard socket.connect(to: endpoint) else { throw HarnessError("cannot connect to \(endpoint)") }
        return socket
    }

    /// A connection.
    static func stream(to endpoint: Endpoint, from host: String? = nil) throws -> Socket {
        let socket = try Socket(.stream, endpoint.family)
        if let host, !socket.bind(to: Endpoint(host, 0)) { throw HarnessError("cannot bind to \(host)") }
        guard socket.connect(to: endpoint) else {
            throw HarnessError("cannot connect to \(endpoint): errno \(errno)")
        }
        return socket
    }

    func bind(to endpoint: Endpoint) -> Bool {
        unsafe endpoint.withSocketAddress { unsafe Glibc.bind(fd, $0, $1) } == 0
    }

    func connect(to endpoint: Endpoint) -> Bool {
        unsafe endpoint.withSocketAddress { unsafe Glibc.connect(fd, $0, $1) } == 0
    }

    /// Says that nothing more will be sent, and still receives.
    func shutDownSending() { shutdown(fd, Int32(SHUT_WR)) }

    func listen() -> Bool { Glibc.listen(fd, 64) == 0 }

    func setOnlyIPv6() { set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }

    func setReceiveBuffer(bytes: Int32) { set(SOL_SOCKET, SO_RCVBUF, bytes) }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        unsafe setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Waits until there is something to read, or the other side has closed.
    func isReadable(within seconds: Double) -> Bool {
        var entry = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, Int32(seconds * 1000)) > 0
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        unsafe Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    @discardableResult
    func send(_ bytes: [UInt8], to endpoint: Endpoint) -> Bool {
        unsafe endpoint.withSocketAddress { address, length in
            unsafe sendto(fd, bytes, bytes.count, 0, address, length)
        } == bytes.count
    }

    /// One datagram, or what a stream has; nil when nothing came in time, empty at the end of a stream.
    func receive(within seconds: Double) -> [UInt8]? {
        guard isReadable(within: seconds) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(fd, &buffer, buffer.count, 0)
        // A reset is an end, too.
        return count < 0 ? (errno == ECONNREFUSED ? nil : []) : Array(buffer.prefix(count))
    }

    /// One datagram of an IPv4 socket with its sender.
    func receiveFrom() -> (bytes: [UInt8], from: Endpoint)? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = unsafe withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            return unsafe recvfrom(fd, &buffer, buffer.count, Int32(MSG_DONTWAIT), pointer, &length)
        }
        guard count >= 0 else { return nil }
        return (Array(buffer.prefix(count)), Self.endpoint(address))
    }

    func accept() -> Socket? {
        let accepted = Glibc.accept(fd, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return Socket(adopting: accepted)
    }

    /// The port that an IPv4 socket is bound to.
    var localPort: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(fd, $0, &length)
            }
        }
        return address.sin_port.bigEndian
    }

    private static func endpoint(_ address: sockaddr_in) -> Endpoint {
        let octets = unsafe withUnsafeBytes(of: address.sin_addr.s_addr) { unsafe Array($0) }
        return Endpoint(octets.map(String.init).joined(separator: "."), address.sin_port.bigEndian)
    }
}
