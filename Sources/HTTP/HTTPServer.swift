import CLibevent
public import EventLoop
import Glibc

/// Serves HTTP at one listening socket, TCP or Unix, by libevent's evhttp.
///
/// Each connection brings one request. Calls its handler in rounds of the loop only. Used on the loop's thread only.
@safe
public final class HTTPServer {
    // SAFETY: made in init, freed by `close` or deinit only; `server` is nil then. libevent calls back on the loop's
    // thread only and never after evhttp_free. The loop is kept alive by `loop`.
    private var server: OpaquePointer?
    private let loop: EventLoop
    private let limits: HTTPLimits
    private let handler: (HTTPExchange) -> Void
    private let connections: HTTPConnections
    private var open: [ObjectIdentifier: OpenExchange] = [:]
    private var socketFile: UnixSocketFile?
    /// The port that is listened on, the kernel's choice for port 0; 0 for a Unix socket.
    public private(set) var port: UInt16 = 0

    private struct OpenExchange {
        weak var exchange: HTTPExchange?
    }

    /// Listens at an address, written without brackets.
    public convenience init(
        _ loop: EventLoop,
        address: String,
        port: UInt16,
        limits: HTTPLimits = HTTPLimits(),
        handler: @escaping (HTTPExchange) -> Void
    ) throws(SystemError) {
        try self.init(loop, limits, handler)
        errno = 0
        guard let bound = unsafe evhttp_bind_socket_with_handle(server, address, port) else {
            throw SystemError(call: "bind", errno: errno == 0 ? EADDRNOTAVAIL : errno)
        }
        self.port = Self.port(of: unsafe evhttp_bound_socket_get_fd(bound))
    }

    /// Listens at a Unix socket, which only the process's user and group may use.
    public convenience init(
        _ loop: EventLoop,
        socketFile path: String,
        limits: HTTPLimits = HTTPLimits(),
        handler: @escaping (HTTPExchange) -> Void
    ) throws(HTTPSocketFileError) {
        do throws(SystemError) {
            try self.init(loop, limits, handler)
        } catch {
            throw .system(error)
        }
        let file = try UnixSocketFile(path)
        guard unsafe evhttp_accept_socket(server, file.fd) == 0 else {
            Glibc.close(file.fd)
            throw .system(SystemError(call: "evhttp_accept_socket", errno: ENOMEM))
        }
        socketFile = file
    }

    private init(
        _ loop: EventLoop,
        _ limits: HTTPLimits,
        _ handler: @escaping (HTTPExchange) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        connections = try HTTPConnections(loop, limits)
        guard let server = unsafe evhttp_new(loop.base) else {
            throw SystemError(call: "evhttp_new", errno: ENOMEM)
        }
        unsafe self.server = server
        unsafe evhttp_set_max_headers_size(server, limits.headerBytesRead)
        unsafe evhttp_set_max_body_size(server, limits.bodyBytes)
        unsafe evhttp_set_timeout(server, CInt(limits.idleSeconds))
        // What a method may do is said by whoever handles it.
        unsafe evhttp_set_allowed_methods(server, .max)
        let connections = unsafe Unmanaged.passUnretained(connections).toOpaque()
        unsafe evhttp_set_bevcb(server, connectionAccepted, connections)
        unsafe evhttp_set_gencb(server, requestReceived, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    /// Stops to listen, ends all connections and removes the Unix socket; exchanges are answered no more.
    public func close() {
        guard let server = unsafe server else { return }
        unsafe self.server = nil
        socketFile?.remove()
        for exchange in open.values { exchange.exchange?.answer(.text("stopping", status: 503)) }
        unsafe evhttp_free(server)
        connections.forgetAll()
    }

    // MARK: - From libevent

    fileprivate func received(_ request: OpaquePointer) {
        let exchange = unsafe HTTPExchange(request) { [weak self] in self?.open[ObjectIdentifier($0)] = nil }
        open[ObjectIdentifier(exchange)] = OpenExchange(exchange: exchange)
        guard exchange.headerBytes <= limits.headerBytes else {
            return exchange.answer(.text("the header is too large", status: 431))
        }
        guard !exchange.isForProxy else {
            return exchange.answer(.text("this is no proxy; write the path alone", status: 400))
        }
        handler(exchange)
    }

    private static func port(of fd: CInt) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(fd, address, &length)
            }
        }
        // The port lies at the same place in both families.
        return UInt16(bigEndian: address.sin6_port)
    }
}

// Free functions, so that they belong to no actor whatever code made the server.
private func requestReceived(_ request: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let request = unsafe request, let context = unsafe context else { return }
    unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().received(request)
}

private func connectionAccepted(
    _ base: OpaquePointer?,
    _ context: UnsafeMutableRawPointer?
) -> OpaquePointer? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<HTTPConnections>.fromOpaque(context).takeUnretainedValue().accept()
}
