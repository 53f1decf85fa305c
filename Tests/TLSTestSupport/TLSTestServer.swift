import COpenSSL
import Foundation
import Glibc
import Synchronization

/// A TLS server on 127.0.0.1 that sends back every message with a length prefix, each connection on a thread of its own.
public final class TLSTestServer: Sendable {
    /// What it does with connections.
    public enum Behaviour: Sendable {
        case echo
        /// Reads and does not answer.
        case mute
        /// Answers with a message of no octets.
        case empty
        /// Answers with all octets of a message but the last.
        case half
        /// Ends the stream after the handshake, without close_notify.
        case closesAfterHandshake
        /// Ends the stream before.
        case closesAtOnce
        /// Answers the first octets with something that is not TLS.
        case garbage
        /// Accepts and says nothing.
        case silent
        /// Speaks TLS 1.1 only.
        case old
    }

    /// What it has seen.
    public struct Seen: Sendable {
        public var connections = 0
        public var handshakes = 0
        public var resumptions = 0
        public var messages = 0
        /// The names that clients asked for; empty for none.
        public var names: [String] = []
        public var protocols: [String] = []
        fileprivate var descriptors: Set<CInt> = []
        fileprivate var isStopped = false
        fileprivate var hasEnded = false
    }

    public let port: UInt16
    private let listener: CInt
    private let behaviour: Behaviour
    private let context: ServerContext
    private let state = Mutex(Seen())

    /// - Parameter port: where to listen; 0 takes a free one.
    public init(
        _ identity: TestAuthority.Identity,
        _ behaviour: Behaviour = .echo,
        port: UInt16 = 0
    ) throws {
        signal(SIGPIPE, SIG_IGN)
        self.behaviour = behaviour
        context = try ServerContext(identity, isOld: behaviour == .old)
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var one: CInt = 1
        _ = unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { system in
                let bound = unsafe bind(listener, system, length)
                return unsafe bound == 0 && getsockname(listener, system, &length) == 0
            }
        }
        guard result, listen(listener, 64) == 0 else { throw TLSTestError() }
        self.port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in acceptAll() }
    }

    /// Says whether the port is free again.
    public var hasEnded: Bool { state.withLock(\.hasEnded) }

    public var seen: Seen { state.withLock { $0 } }

    /// Ends all connections, and listens no more; must be called, since the thread holds a reference.
    public func stop() {
        let descriptors = state.withLock { state in
            state.isStopped = true
            return state.descriptors
        }
        for descriptor in descriptors + [listener] { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }
    }

    /// Ends all connections, and goes on listening.
    public func closeConnections() {
        for descriptor in seen.descriptors { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }
    }

    private func acceptAll() {
        while true {
            let fd = accept(listener, nil, nil)
            guard fd >= 0 else { break }
            let isStopped = state.withLock { state in
                state.connections += 1
                state.descriptors.insert(fd)
                return state.isStopped
            }
            if isStopped { break }
            Thread.detachNewThread { [self] in
                serve(fd)
                state.withLock { _ = $0.descriptors.remove(fd) }
                close(fd)
            }
        }
        close(listener)
        state.withLock { $0.hasEnded = true }
    }

    private func serve(_ fd: CInt) {
        switch behaviour {
        case .closesAtOnce: return
        case .silent:
            var octet: UInt8 = 0
            while unsafe recv(fd, &octet, 1, 0) > 0 {}
        case .garbage:
            var octet: UInt8 = 0
            _ = unsafe recv(fd, &octet, 1, 0)
            let text = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
            _ = unsafe Glibc.send(fd, text, text.count, CInt(MSG_NOSIGNAL))
            while unsafe recv(fd, &octet, 1, 0) > 0 {}
        case .echo, .mute, .empty, .half, .closesAfterHandshake, .old: serveTLS(fd)
        }
    }

    private func serveTLS(_ fd: CInt) {
        guard let connection = ServerConnection(context, fd) else { return }
        state.withLock { state in
            state.handshakes += 1
            if connection.isResumed { state.resumptions += 1 }
            state.names.append(connection.name)
            state.protocols.append(connection.selectedProtocol)
        }
        if behaviour == .closesAfterHandshake { return }
        while let message = connection.read() {
            state.withLock { $0.messages += 1 }
            switch behaviour {
            case .mute: break
            case .empty: connection.write([0, 0])
            case .half: connection.write(message.dropLast())
            default: connection.write(message)
            }
        }
    }
}

/// Something that the system or OpenSSL refused.
struct TLSTestError: Error {}

/// The certificate of a server.
@safe
private final class ServerContext: @unchecked Sendable {
    // SAFETY: set up in init, freed in deinit; OpenSSL guards what connections share.
    let context: OpaquePointer

    init(_ identity: TestAuthority.Identity, isOld: Bool) throws {
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw TLSTestError() }
        unsafe self.context = context
        guard unsafe SSL_CTX_use_certificate_chain_file(context, identity.certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey_file(context, identity.key, SSL_FILETYPE_PEM) == 1
        else { throw TLSTestError() }
        if isOld { unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_1_VERSION), nil) }
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
    }

    deinit { unsafe SSL_CTX_free(context) }
}

private func selectProtocol(
    _ ssl: OpaquePointer?,
    _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ outLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: CUnsignedInt,
    _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let offered = unsafe offered, offeredLength > 0 else { return SSL_TLSEXT_ERR_NOACK }
    unsafe out?.pointee = offered + 1
    unsafe outLength?.pointee = offered[0]
    return SSL_TLSEXT_ERR_OK
}

/// One connection, with calls that block.
@safe
private struct ServerConnection: ~Copyable {
    // SAFETY: made in init, freed in deinit.
    private let ssl: OpaquePointer

    init?(_ context: ServerContext, _ fd: CInt) {
        guard let ssl = unsafe SSL_new(context.context) else { return nil }
        unsafe SSL_set_fd(ssl, fd)
        guard unsafe SSL_accept(ssl) == 1 else {
            unsafe SSL_free(ssl)
            ERR_clear_error()
            return nil
        }
        unsafe self.ssl = ssl
    }

    deinit { unsafe SSL_free(ssl) }

    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    var name: String {
        unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) } ?? ""
    }

    var selectedProtocol: String {
        var start: UnsafePointer<UInt8>?
        var length: CUnsignedInt = 0
        unsafe SSL_get0_alpn_selected(ssl, &start, &length)
        let octets = unsafe UnsafeBufferPointer(start: start, count: Int(length))
        return unsafe String(decoding: octets, as: UTF8.self)
    }

    /// One message with its prefix; nil at the end of the stream.
    func read() -> [UInt8]? {
        guard let prefix = read(2), let rest = read(Int(prefix[0]) << 8 | Int(prefix[1])) else { return nil }
        return prefix + rest
    }

    private func read(_ count: Int) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let result = unsafe octets.withUnsafeMutableBytes { bytes in
                unsafe SSL_read(ssl, bytes.baseAddress.map { unsafe $0 + done }, CInt(count - done))
            }
            if result <= 0 { return nil }
            done += Int(result)
        }
        return octets
    }

    func write(_ octets: [UInt8]) { _ = unsafe SSL_write(ssl, octets, CInt(octets.count)) }
}
