import Glibc

/// Files as octets, read by the system's own calls.
enum ConfigurationFile {
    private static let chunkBytes = 64 << 10

    /// Reads a file, pipe or device to its end, which must come within `limit` octets.
    static func read(_ path: String, atMost limit: Int) throws(UnreadableFile) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        // Not the size that the system tells: a pipe or a device has none.
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { chunk in
                unsafe Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            }
            if count == 0 { return octets }
            if count > 0 {
                octets += chunk[..<count]
            } else if errno != EINTR {
                throw unreadable(path, errno)
            }
            guard octets.count <= limit else {
                throw UnreadableFile(
                    path: path,
                    reason: "it is larger than \(limit >> 20) MiB",
                    advice: "shorten it"
                )
            }
        }
    }

    /// The names in a directory that match a pattern of the shell; nil when there is no such directory.
    static func names(in path: String, matching pattern: String) throws(UnreadableFile) -> [String]? {
        let path = path.isEmpty ? "." : path
        guard let directory = unsafe opendir(path) else {
            if errno == ENOENT { return nil }
            throw unreadable(path, errno)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    unsafe String(cString: $0)
                }
            }
            // Names that begin with a dot, as editors' own files do, have to be meant.
            if unsafe fnmatch(pattern, name, FNM_PERIOD) == 0 { names.append(name) }
        }
        return names
    }

    private static func unreadable(_ path: String, _ code: Int32) -> UnreadableFile {
        switch code {
        case ENOENT: UnreadableFile(path: path, reason: "there is no such file")
        case EACCES, EPERM:
            UnreadableFile(
                path: path,
                reason: "permission denied",
                advice: "run as a user that may read it"
            )
        case EISDIR:
            UnreadableFile(path: path, reason: "it is a directory", advice: "name a file in it")
        default: UnreadableFile(path: path, reason: unsafe String(cString: strerror(code)))
        }
    }
}
