import Glibc

/// The socket of a service manager, which keeps what it is told.
final class NotifyReceiver: Sendable {
    private let fd: Int32

    /// - Parameter path: begins with `@` in the abstract name space.
    init(_ path: String) throws {
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = path.utf8.map { $0 == UInt8(ascii: "@") ? 0 : $0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + octets.count)
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(fd, $0, length) }
        }
        guard result == 0 else { throw HarnessError("cannot bind \(path): errno \(errno)") }
    }

    deinit { close(fd) }

    /// Waits for a message that begins so; those before it are forgotten.
    func waits(for start: String, seconds: Double = 20) -> Bool {
        let deadline = Deadline(seconds: seconds)
        while !deadline.isOver {
            var entry = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, deadline.milliseconds) > 0 else { return false }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(fd, &buffer, buffer.count, 0)
            if String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).hasPrefix(start) { return true }
        }
        return false
    }
}
