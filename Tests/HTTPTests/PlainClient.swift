import Glibc

/// A blocking connection that sends octets as they are; no read waits longer than ten seconds.
final class PlainClient {
    let fd: CInt

    /// Connects to 127.0.0.1.
    init(port: UInt16) {
        fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        limitReads()
        _ = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Connects to a Unix socket.
    init(socketFile: String) {
        fd = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: socketFile.utf8) }
        limitReads()
        _ = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    deinit { close(fd) }

    private func limitReads() {
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        _ = unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Sends text; false when the connection is gone.
    @discardableResult
    func send(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        var sent = 0
        while sent < octets.count {
            let count = unsafe octets.withUnsafeBytes {
                unsafe Glibc.send(fd, $0.baseAddress?.advanced(by: sent), $0.count - sent, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Everything until the server ends the connection; nil when it did not in ten seconds.
    func receiveAll() -> String? {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(fd, &buffer, buffer.count, 0)
            if count == 0 || count < 0 && errno == ECONNRESET { break }
            if count < 0 { return nil }
            octets += buffer.prefix(count)
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Sends a request and receives all that comes back.
    func exchange(_ text: String) -> Answer? {
        send(text)
        return receiveAll().flatMap(Answer.init)
    }
}

/// A response in its parts.
struct Answer {
    let status: Int
    let head: String
    let body: String

    init?(_ text: String) {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        head = String(text[..<end.lowerBound])
        body = String(text[end.upperBound...])
        let words = head.split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        self.status = status
    }
}
