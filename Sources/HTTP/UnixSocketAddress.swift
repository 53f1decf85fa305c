import Glibc

/// The address of a Unix socket in the file system.
struct UnixSocketAddress {
    private let address: sockaddr_un

    /// Nil when a socket cannot have the path: it is empty, or over 107 octets.
    init?(_ path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity, !path.isEmpty else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        self.address = address
    }

    /// Connects a socket to it; what connect(2) returns.
    func connect(_ fd: CInt) -> CInt {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { system in
                unsafe Glibc.connect(fd, system, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
