// TLS over a connected or connecting socket, by libevent's bufferevents (RFC 8446, RFC 7858 §3).
import COpenSSL
public import EventLoop
import Glibc

/// One TLS connection to a server: octets in, octets out, and what happened.
///
/// The server must prove that it has the name. Calls its handler in rounds of the loop only, never from within
/// another call, and not after `close()`. Used on the loop's thread only.
@safe
public final class TLSChannel {
    // SAFETY: both made in init; freed by `free`, after which they are nil or not used. The bufferevent owns the
    // SSL and the socket. libevent calls back on the loop's thread only, and never after bufferevent_free. The loop
    // outlives the channel.
    private var bufferevent: OpaquePointer?
    private let ssl: OpaquePointer
    private let loop: EventLoop
    private let context: TLSContext
    private let handler: (Event) -> Void
    public private(set) var isEstablished = false
    private var hasFailed = false
    private var isBorrowed = false
    private var isClosed = false

    /// What happened.
    public enum Event: Sendable {
        /// The handshake has ended, the server is the right one.
        case established
        /// There is more to read.
        case readable
        /// The server ended its side.
        case ended
        /// TLS failed.
        case failed(TLSFailure)
        /// The system reported an error on the socket: an errno, 0 when it is not known.
        case broken(CInt)
    }

    /// Begins the handshake as soon as the socket is connected.
    ///
    /// - Parameters:
    ///   - fd: a socket that does not block; the channel owns it from here on, also when this throws.
    ///   - name: what the certificate must be for: a host name or an IP address.
    ///   - session: of an earlier connection to the same server.
    ///   - inputMax: octets that are read ahead.
    public init(
        _ loop: EventLoop,
        fd: CInt,
        context: TLSContext,
        name: String,
        session: TLSSession? = nil,
        inputMax: Int,
        handler: @escaping (Event) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.context = context
        self.handler = handler
        guard let ssl = unsafe SSL_new(context.context) else {
            Glibc.close(fd)
            throw SystemError(call: "SSL_new", errno: ENOMEM)
        }
        unsafe self.ssl = ssl
        if let session { _ = unsafe SSL_set_session(ssl, session.session) }
        let options = CInt(BEV_OPT_CLOSE_ON_FREE.rawValue | BEV_OPT_DEFER_CALLBACKS.rawValue)
        guard unsafe Self.expect(name, ssl),
            let bufferevent = unsafe bufferevent_openssl_socket_new(
                loop.base,
                fd,
                ssl,
                BUFFEREVENT_SSL_CONNECTING,
                options
            )
        else {
            unsafe SSL_free(ssl)
            Glibc.close(fd)
            throw SystemError(call: "bufferevent_openssl_socket_new", errno: ENOMEM)
        }
        unsafe self.bufferevent = bufferevent
        unsafe bufferevent_openssl_set_allow_dirty_shutdown(bufferevent, 1)
        unsafe bufferevent_setwatermark(bufferevent, CShort(EV_READ), 0, inputMax)
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe bufferevent_setcb(bufferevent, channelReadable, nil, channelChanged, this)
        _ = unsafe bufferevent_enable(bufferevent, CShort(EV_READ | EV_WRITE))
    }

    deinit { if !isClosed { free() } }

    /// Asks OpenSSL to check the certificate for a name or an address; false when it cannot.
    private static func expect(_ name: String, _ ssl: OpaquePointer) -> Bool {
        let parameters = unsafe SSL_get0_param(ssl)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return true }
        ERR_clear_error()
        unsafe SSL_set_hostflags(ssl, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return unsafe SSL_set1_host(ssl, name) == 1 && switchyard_tls_send_name(ssl, name) == 1
    }

    // MARK: - Writing

    /// Octets that wait to be sent.
    public var outputCount: Int {
        guard let bufferevent = unsafe bufferevent else { return 0 }
        return unsafe evbuffer_get_length(bufferevent_get_output(bufferevent))
    }

    /// Appends octets behind their count in two octets; they leave in the next round, or after the handshake.
    ///
    /// Returns false when there is no memory.
    public func append(_ message: RawSpan) -> Bool {
        guard let bufferevent = unsafe bufferevent else { return false }
        let output = unsafe bufferevent_get_output(bufferevent)
        var prefix = UInt16(message.byteCount).bigEndian
        // In one piece, so that both get into one record (RFC 7766 §8).
        guard unsafe evbuffer_expand(output, 2 + message.byteCount) == 0,
            unsafe evbuffer_add(output, &prefix, 2) == 0
        else { return false }
        return unsafe message.withUnsafeBytes { unsafe evbuffer_add(output, $0.baseAddress, $0.count) == 0 }
    }

    // MARK: - Reading

    /// Octets that were received and not taken.
    public var inputCount: Int {
        guard let bufferevent = unsafe bufferevent else { return 0 }
        return unsafe evbuffer_get_length(bufferevent_get_input(bufferevent))
    }

    /// The number in the first two octets of the input; nil while they are not there.
    public var firstNumber: Int? {
        guard let bufferevent = unsafe bufferevent else { return nil }
        var prefix: UInt16 = 0
        let count = unsafe evbuffer_copyout(bufferevent_get_input(bufferevent), &prefix, 2)
        return count == 2 ? Int(UInt16(bigEndian: prefix)) : nil
    }

    /// Lends the first `count` octets of the input, which must be there, and takes them out afterwards.
    ///
    /// The body may close the channel.
    public func take(_ count: Int, _ body: (RawSpan) -> Void) {
        guard let bufferevent = unsafe bufferevent, !isBorrowed else { return }
        let input = unsafe bufferevent_get_input(bufferevent)
        guard let start = unsafe evbuffer_pullup(input, count) else { return }
        isBorrowed = true
        let octets = unsafe UnsafeRawBufferPointer(start: start, count: count)
        body(unsafe RawSpan(_unsafeBytes: octets))
        isBorrowed = false
        if isClosed { free() } else { _ = unsafe evbuffer_drain(input, count) }
    }

    // MARK: - Sessions

    /// What a later connection to the same server can begin with; nil when the server gave nothing.
    public var session: TLSSession? {
        guard isEstablished, unsafe bufferevent != nil, let session = unsafe SSL_get1_session(ssl) else {
            return nil
        }
        let kept = unsafe TLSSession(session)
        return unsafe SSL_SESSION_is_resumable(session) == 1 ? kept : nil
    }

    /// Says whether the server took the session that the channel began with.
    public var isResumed: Bool {
        unsafe isEstablished && bufferevent != nil && SSL_session_reused(ssl) == 1
    }

    /// Says whether the handshake has begun: the socket was connected, and octets have left.
    public var hasBegun: Bool { unsafe bufferevent != nil && BIO_number_written(SSL_get_wbio(ssl)) > 0 }

    // MARK: - Closing

    /// Ends the connection and frees the socket; what was not sent is lost.
    public func close() {
        if isClosed { return }
        isClosed = true
        if !isBorrowed { free() }
    }

    private func free() {
        guard let bufferevent = unsafe bufferevent else { return }
        if isEstablished && !hasFailed {
            // The server's own close_notify is not waited for; a session is good only when ours was sent.
            unsafe SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN)
            _ = unsafe SSL_shutdown(ssl)
        }
        ERR_clear_error()
        unsafe self.bufferevent = nil
        unsafe bufferevent_free(bufferevent)
    }

    // MARK: - From libevent

    fileprivate func readable() { if !isClosed { handler(.readable) } }

    fileprivate func changed(_ events: CInt, errno error: CInt) {
        if isClosed { return }
        if events & BEV_EVENT_CONNECTED != 0 {
            isEstablished = true
            return handler(.established)
        }
        if events & BEV_EVENT_EOF != 0 {
            // libevent takes every error of the socket for the end of the stream.
            let end = hasBegun ? Event.failed(.closed) : .broken(error)
            return handler(isEstablished ? .ended : end)
        }
        if events & BEV_EVENT_ERROR != 0 { fail(errno: error) }
    }

    private func fail(errno error: CInt) {
        hasFailed = true
        guard let bufferevent = unsafe bufferevent else { return }
        if !isEstablished, let failure = TLSFailure(verification: unsafe SSL_get_verify_result(ssl)) {
            return handler(.failed(failure))
        }
        let code = unsafe bufferevent_get_openssl_error(bufferevent)
        handler(code != 0 ? .failed(.handshake(code)) : .broken(error))
    }
}

// Free functions, so that they belong to no actor whatever code made the channel.
private func channelReadable(_ bufferevent: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<TLSChannel>.fromOpaque(context).takeUnretainedValue().readable()
}

private func channelChanged(
    _ bufferevent: OpaquePointer?,
    _ events: CShort,
    _ context: UnsafeMutableRawPointer?
) {
    // Before anything else runs.
    let error = errno
    guard let context = unsafe context else { return }
    unsafe Unmanaged<TLSChannel>.fromOpaque(context).takeUnretainedValue().changed(CInt(events), errno: error)
}
