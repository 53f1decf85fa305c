import CLibevent

/// One request and the answer that it still gets, at once or later.
///
/// Answered once. Released without an answer, it answers 500, so that no client waits for what nobody does. The
/// client may be gone meanwhile; answering is harmless then. Used on the loop's thread only.
@safe
public final class HTTPExchange {
    // SAFETY: libevent keeps a request until it was answered, also when its connection ends; `answer` and `abandon`
    // make this nil. The server abandons all exchanges before it frees what belongs to them.
    private var request: OpaquePointer?
    private let ended: (HTTPExchange) -> Void
    public let method: HTTPMethod
    /// The path as it was sent, without the query.
    public let path: String
    /// The fields of the query with their values, decoded, in their order.
    public let query: [(name: String, value: String)]

    /// Takes over a request that libevent has read.
    init(_ request: OpaquePointer, ended: @escaping (HTTPExchange) -> Void) {
        unsafe self.request = request
        self.ended = ended
        method = unsafe Self.method(of: request)
        let uri = unsafe evhttp_request_get_evhttp_uri(request)
        path = unsafe Self.text(evhttp_uri_get_path(uri)) ?? ""
        query = HTTPQuery.fields(unsafe Self.text(evhttp_uri_get_query(uri)) ?? "")
    }

    deinit { answer(.text("the request was not handled", status: 500)) }

    /// Says whether an answer was given.
    public var isAnswered: Bool { unsafe request == nil }

    /// The value of the first field of the query that has this name.
    public func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The value of a header field; nil where it is missing or the exchange was answered.
    public func header(_ name: String) -> String? {
        guard let request = unsafe request else { return nil }
        return unsafe Self.text(evhttp_find_header(evhttp_request_get_input_headers(request), name))
    }

    /// The octets of the body; empty when the exchange was answered.
    public var body: [UInt8] {
        guard let request = unsafe request else { return [] }
        let buffer = unsafe evhttp_request_get_input_buffer(request)
        var octets = [UInt8](repeating: 0, count: unsafe evbuffer_get_length(buffer))
        let count = octets.count
        unsafe octets.withUnsafeMutableBytes { _ = unsafe evbuffer_copyout(buffer, $0.baseAddress, count) }
        return octets
    }

    /// Octets of the header fields, with two for the end of each line.
    var headerBytes: Int {
        guard let request = unsafe request else { return 0 }
        var sum = unsafe Self.text(evhttp_request_get_uri(request))?.utf8.count ?? 0
        var field = unsafe evhttp_request_get_input_headers(request).pointee.tqh_first
        while let current = unsafe field {
            sum += unsafe Self.length(current.pointee.key) + Self.length(current.pointee.value) + 4
            unsafe field = current.pointee.next.tqe_next
        }
        return sum
    }

    /// Says whether the target is another host's, for which this is no proxy.
    var isForProxy: Bool {
        guard let request = unsafe request else { return false }
        return unsafe evhttp_uri_get_host(evhttp_request_get_evhttp_uri(request)) != nil
    }

    /// Sends the answer and ends the connection; a second answer is ignored.
    public func answer(_ response: HTTPResponse) {
        guard let request = unsafe request else { return }
        unsafe self.request = nil
        let fields = unsafe evhttp_request_get_output_headers(request)
        for (name, value) in response.fields { _ = unsafe evhttp_add_header(fields, name, value) }
        unsafe send(response, request)
        ended(self)
    }

    private func send(_ response: HTTPResponse, _ request: OpaquePointer) {
        let buffer = unsafe evbuffer_new()
        defer { if let buffer = unsafe buffer { unsafe evbuffer_free(buffer) } }
        // A HEAD has the fields of the GET and nothing behind them (RFC 9110 §9.3.2).
        if method != .head, let buffer = unsafe buffer {
            _ = unsafe response.body.withUnsafeBytes { octets in
                unsafe evbuffer_add(buffer, octets.baseAddress, octets.count)
            }
        }
        let reason = HTTPResponse.reason(response.status)
        unsafe evhttp_send_reply(request, CInt(response.status), reason, buffer)
    }

    private static func method(of request: OpaquePointer) -> HTTPMethod {
        switch unsafe evhttp_request_get_command(request) {
        case EVHTTP_REQ_GET: .get
        case EVHTTP_REQ_HEAD: .head
        case EVHTTP_REQ_POST: .post
        default: .other
        }
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private static func length(_ pointer: UnsafePointer<CChar>?) -> Int {
        guard let pointer = unsafe pointer else { return 0 }
        return unsafe String(cString: pointer).utf8.count
    }
}
