import Glibc
import Transport

/// A plain blocking socket of the test's side, with a time limit of ten seconds on each read.
final class PlainSocket {
    let fd: CInt

    init(_ type: __socket_type, ipv6: Bool = false) {
        fd = socket(ipv6 ? AF_INET6 : AF_INET, CInt(type.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        _ = unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Accepts a connection that waits at a listening socket.
    init(accepting listener: PlainSocket) { fd = accept(listener.fd, nil, nil) }

    deinit { close(fd) }

    /// Connects to an address on loopback; false when refused.
    @discardableResult
    func connect(_ address: SocketAddress) -> Bool {
        unsafe withSystemAddress(address) { unsafe Glibc.connect(fd, $0, $1) == 0 }
    }

    /// Binds to an address on loopback, and listens when it is a stream.
    func bind(_ address: SocketAddress, listen: Bool = false) {
        _ = unsafe withSystemAddress(address) { unsafe Glibc.bind(fd, $0, $1) }
        if listen { _ = Glibc.listen(fd, 16) }
    }

    func send(_ octets: [UInt8]) {
        _ = unsafe octets.withUnsafeBytes {
            unsafe Glibc.send(fd, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
    }

    func send(_ octets: [UInt8], to address: SocketAddress) {
        _ = unsafe withSystemAddress(address) { system, length in
            unsafe octets.withUnsafeBytes { unsafe sendto(fd, $0.baseAddress, $0.count, 0, system, length) }
        }
    }

    /// Receives what is there, up to `limit` octets; nil after an error or the time limit, empty at the end.
    func receive(_ limit: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(fd, &buffer, limit, 0)
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    /// Receives exactly `count` octets of a stream; nil when it ends before.
    func receive(exactly count: Int) -> [UInt8]? {
        var octets: [UInt8] = []
        while octets.count < count {
            guard let part = receive(count - octets.count), !part.isEmpty else { return nil }
            octets += part
        }
        return octets
    }

    /// Receives one message with its length prefix; nil when the stream ends before.
    func receiveMessage() -> [UInt8]? {
        guard let prefix = receive(exactly: 2) else { return nil }
        return receive(exactly: Int(prefix[0]) << 8 | Int(prefix[1]))
    }

    /// Says whether the peer closed the stream, orderly or not.
    func isAtEnd() -> Bool {
        let part = receive(1)
        return part == [] || part == nil && errno == ECONNRESET
    }

    func endWriting() { shutdown(fd, CInt(SHUT_WR)) }

    /// Makes closing the socket reset the connection.
    func resetWhenClosed() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    var localPort: UInt16 {
        var octets = [UInt8](repeating: 0, count: 28)
        var length = socklen_t(octets.count)
        _ = unsafe octets.withUnsafeMutableBytes { bytes in
            unsafe getsockname(fd, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return UInt16(octets[2]) << 8 | UInt16(octets[3])
    }

    /// The kernel's form, written octet by octet: an independent check of the module's own.
    private func withSystemAddress<R>(
        _ address: SocketAddress,
        _ body: (UnsafePointer<sockaddr>?, socklen_t) -> R
    ) -> R {
        let family = UInt16(address.isIPv4 ? AF_INET : AF_INET6)
        var octets = [UInt8](inMemoryOrder: family) + [UInt8](bigEndian: address.port)
        if let ipv4 = address.ipv4 {
            octets += [UInt8](bigEndian: ipv4) + [UInt8](repeating: 0, count: 8)
        } else {
            octets += [0, 0, 0, 0] + [UInt8](bigEndian: address.bits) + [0, 0, 0, 0]
        }
        return unsafe octets.withUnsafeBytes { bytes in
            unsafe body(bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }
}

extension [UInt8] {
    /// The octets of a number, the highest first.
    init(bigEndian value: some FixedWidthInteger) {
        self = unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe Array($0) }
    }

    /// The octets of a number, as they lie in memory.
    fileprivate init(inMemoryOrder family: UInt16) {
        self = unsafe Swift.withUnsafeBytes(of: family) { unsafe Array($0) }
    }
}

extension SocketAddress {
    /// 127.0.0.1 with a port of the kernel's choice.
    static let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)
    /// ::1 with a port of the kernel's choice.
    static let loopbackIPv6 = SocketAddress(ipv6: 1, port: 0)
}

extension RawSpan {
    /// The octets as an array.
    var octets: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

// Arrays are what tests write down.
extension DatagramListener {
    func queue(_ octets: [UInt8], to path: DatagramPath) { unsafe queue(octets.span.bytes, to: path) }
}

extension DatagramClientSocket {
    func queue(_ octets: [UInt8]) { unsafe queue(octets.span.bytes) }
}
