import EventLoop
import Glibc

/// A listening Unix socket in the file system, for the process's user and group.
struct UnixSocketFile {
    /// The listening socket, which its user closes.
    let fd: CInt
    private let path: String
    private let inode: UInt64

    /// Listens at `path`; what a dead process left there is replaced, a living one is left alone.
    init(_ path: String) throws(HTTPSocketFileError) {
        try Self.check(path)
        // The socket has its mode before it has its name.
        let temporary = "\(path).\(getpid())"
        guard let address = Self.address(temporary) else { throw .tooLong }
        _ = unsafe unlink(temporary)
        let fd = try Self.open()
        do throws(HTTPSocketFileError) {
            try Self.need("bind", unsafe Self.with(address) { unsafe Glibc.bind(fd, $0, $1) })
            try Self.need("chmod", unsafe chmod(temporary, 0o660))
            try Self.need("listen", Glibc.listen(fd, HTTPLimits.backlog))
            inode = Self.inode(temporary)
            try Self.need("rename", unsafe rename(temporary, path))
        } catch {
            _ = unsafe unlink(temporary)
            Glibc.close(fd)
            throw error
        }
        self.fd = fd
        self.path = path
    }

    /// Removes the name, unless it is another's by now.
    func remove() { if Self.inode(path) == inode { _ = unsafe unlink(path) } }

    private static func open() throws(HTTPSocketFileError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let fd = socket(AF_UNIX, kind, 0)
        try need("socket", fd)
        return fd
    }

    /// Refuses a name that something living or something else has.
    private static func check(_ path: String) throws(HTTPSocketFileError) {
        guard let address = address(path) else { throw .tooLong }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .isNoSocket }
        let fd = try open()
        defer { Glibc.close(fd) }
        let result = unsafe with(address) { unsafe connect(fd, $0, $1) }
        if result == 0 || errno == EAGAIN { throw .inUse }
    }

    private static func inode(_ path: String) -> UInt64 {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    private static func need(_ call: String, _ result: CInt) throws(HTTPSocketFileError) {
        if result >= 0 { return }
        if errno == ENOENT { throw .noFolder }
        throw .system(SystemError(call: call, errno: errno))
    }

    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity, !path.isEmpty else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        return address
    }

    private static func with(
        _ address: sockaddr_un,
        _ body: (UnsafePointer<sockaddr>?, socklen_t) -> CInt
    ) -> CInt {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { system in
                unsafe body(system, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
