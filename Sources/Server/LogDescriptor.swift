// Files and sockets that logs are written to, by the threads that may wait for them.
import EventLoop
import Glibc

/// An open file, or one end of a Unix socket; closed at the end.
final class LogDescriptor {
    let fd: CInt
    private let ownsIt: Bool

    static var standardError: LogDescriptor { LogDescriptor(STDERR_FILENO, ownsIt: false) }

    private init(_ fd: CInt, ownsIt: Bool = true) {
        self.fd = fd
        self.ownsIt = ownsIt
    }

    deinit { if ownsIt { close(fd) } }

    /// Opens a file at its end, and makes it when there is none (mode 0640).
    ///
    /// - Parameter empties: begins anew what was there.
    init(file path: String, empties: Bool = false) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (empties ? O_TRUNC : O_APPEND)
        fd = try SystemError.check("open", unsafe Self.result(open(path, flags, 0o640)))
        ownsIt = true
    }

    /// Connects to a Unix socket; reads and writes wait for `seconds` at most.
    init(socket path: String, seconds: Int) throws(SystemError) {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        fd = try SystemError.check("socket", Self.result(Glibc.socket(AF_UNIX, kind, 0)))
        ownsIt = true
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe _ = setsockopt(fd, SOL_SOCKET, option, &limit, size)
        }
        try connect(path)
    }

    private func connect(_ path: String) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard octets.count < room else { throw SystemError(call: "connect", errno: ENAMETOOLONG) }
        // SAFETY: the path is shorter than its room, which is zero before.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Self.result(Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size)))
            }
        }
        try SystemError.check("connect", result)
    }

    /// Writes all octets, or throws what the system says; a part of them may have been written then.
    func write(_ octets: [UInt8]) throws(SystemError) {
        var start = 0
        while start < octets.count {
            let written = unsafe octets.withUnsafeBytes { bytes in
                unsafe Glibc.write(fd, bytes.baseAddress.map { unsafe $0 + start }, octets.count - start)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw SystemError(call: "write", errno: written < 0 ? errno : EIO) }
            start += written
        }
    }

    /// Octets of a file so far; nil for what is no file.
    var length: Int? {
        let end = lseek(fd, 0, SEEK_END)
        return end < 0 ? nil : end
    }

    /// Takes back what was written beyond so many octets; false for what is no file.
    func cut(to length: Int) -> Bool { ftruncate(fd, length) == 0 }

    /// Reads exactly so many octets, or throws.
    func read(_ count: Int) throws(SystemError) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var start = 0
        while start < count {
            let length = unsafe octets.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(fd, bytes.baseAddress.map { unsafe $0 + start }, count - start)
            }
            if length < 0, errno == EINTR { continue }
            guard length > 0 else { throw SystemError(call: "read", errno: length < 0 ? errno : EPIPE) }
            start += length
        }
        return octets
    }

    /// Whether the file is still the one at `path`; false when it was moved away or removed.
    func isStill(at path: String) -> Bool {
        var own = stat()
        var other = stat()
        guard unsafe fstat(fd, &own) == 0, unsafe stat(path, &other) == 0 else { return false }
        return own.st_ino == other.st_ino && own.st_dev == other.st_dev
    }

    /// The device and the number of the file; nil when the descriptor is closed.
    var identity: (device: UInt64, inode: UInt64)? {
        var own = stat()
        guard unsafe fstat(fd, &own) == 0 else { return nil }
        return (UInt64(own.st_dev), UInt64(own.st_ino))
    }

    private static func result(_ value: CInt) -> CInt { value < 0 ? -errno : value }
}
