import Glibc

/// Asks an HTTP server at a Unix socket, one request per connection, and waits for its answer.
///
/// Blocks: for commands, never for a loop.
public struct UnixHTTPClient {
    /// What a server answered.
    public struct Reply: Sendable {
        public var status: Int
        public var body: [UInt8]
    }

    private let path: String
    private let seconds: Int

    /// Octets of an answer that are read.
    private static let replyBytesMax = 64 << 20

    /// - Parameters:
    ///   - path: of the socket.
    ///   - seconds: how long the server may be silent.
    public init(path: String, seconds: Int = 30) {
        self.path = path
        self.seconds = seconds
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// - Parameter target: path and query.
    public func send(_ method: HTTPMethod, _ target: String) throws(HTTPClientError) -> Reply {
        let fd = try connect()
        defer { Glibc.close(fd) }
        let request = "\(method.rawValue) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        let length = method == .post ? "Content-Length: 0\r\n" : ""
        try write(Array("\(request)\(length)\r\n".utf8), to: fd)
        guard let reply = Self.reply(try readAll(from: fd)) else { throw .malformed }
        return reply
    }

    private func connect() throws(HTTPClientError) -> CInt {
        guard let address = UnixSocketAddress(path) else { throw .tooLong }
        let fd = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw .system(errno) }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = unsafe setsockopt(fd, SOL_SOCKET, option, &limit, size)
        }
        guard address.connect(fd) == 0 else {
            let error = errno
            Glibc.close(fd)
            throw HTTPClientError(error)
        }
        return fd
    }

    private func write(_ octets: [UInt8], to fd: CInt) throws(HTTPClientError) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { octets in
                unsafe Glibc.send(fd, octets.baseAddress, octets.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw HTTPClientError(errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func readAll(from fd: CInt) throws(HTTPClientError) -> [UInt8] {
        var octets: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while octets.count < Self.replyBytesMax {
            let count = unsafe part.withUnsafeMutableBytes { unsafe recv(fd, $0.baseAddress, $0.count, 0) }
            if count == 0 { return octets }
            guard count > 0 else { throw HTTPClientError(errno) }
            octets += part.prefix(count)
        }
        throw .malformed
    }

    /// Takes an answer apart; nil when it is none, or not whole.
    static func reply(_ octets: [UInt8]) -> Reply? {
        let end: [UInt8] = [13, 10, 13, 10]
        guard let head = octets.indices.first(where: { octets[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: octets[..<head], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        let body = Array(octets[(head + end.count)...])
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }?.drop { $0 != " " }
        if let length, let count = Int(length.dropFirst()), count != body.count { return nil }
        return Reply(status: status, body: body)
    }
}
