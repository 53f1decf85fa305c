// The system's calls for files. The one file of this module that holds `unsafe`.
import Glibc

/// The text of an error number.
enum SystemText {
    static func of(_ errno: Int32) -> String { unsafe String(cString: strerror(errno)) }
}

/// A file that replaces another one, whole or not at all.
struct ReplacementFile: ~Copyable {
    private let path: String
    private let fd: CInt
    private var isInPlace = false

    private var temporaryPath: String { path + ".new" }

    /// Opens the file beside the one that it will replace.
    init(replacing path: String) throws(CacheFileError) {
        self.path = path
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        fd = unsafe open(path + ".new", flags, 0o600)
        guard fd >= 0 else { throw .system(call: "open", errno: errno) }
    }

    deinit {
        close(fd)
        if !isInPlace { unsafe unlink(path + ".new") }
    }

    func write(_ octets: [UInt8]) throws(CacheFileError) {
        var written = 0
        while written < octets.count {
            let count = unsafe octets.withUnsafeBytes { bytes in
                unsafe Glibc.write(fd, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                throw .system(call: "write", errno: count == 0 ? ENOSPC : errno)
            }
        }
    }

    /// Puts the file in place once all of it is on the disk.
    consuming func finish() throws(CacheFileError) {
        guard fsync(fd) == 0 else { throw .system(call: "fsync", errno: errno) }
        guard unsafe rename(temporaryPath, path) == 0 else { throw .system(call: "rename", errno: errno) }
        isInPlace = true
    }
}

/// A regular file of this user or of root, to read.
struct TrustedFile: ~Copyable {
    private let fd: CInt
    /// Octets.
    let size: Int

    init(_ path: String) throws(CacheFileError) {
        // A pipe would let us wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing : .system(call: "open", errno: errno)
        }
        var status = stat()
        let result = unsafe fstat(descriptor, &status)
        let error: CacheFileError? =
            if result != 0 {
                .system(call: "fstat", errno: errno)
            } else if status.st_mode & S_IFMT != S_IFREG {
                .notAFile
            } else if status.st_uid != geteuid(), status.st_uid != 0 {
                .foreignOwner
            } else { nil }
        if let error {
            close(descriptor)
            throw error
        }
        fd = descriptor
        size = Int(status.st_size)
    }

    deinit { close(fd) }

    func rewind() { lseek(fd, 0, SEEK_SET) }

    /// The next `count` octets; fewer at the end.
    func read(_ count: Int) throws(CacheFileError) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = unsafe octets.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(fd, bytes.baseAddress?.advanced(by: filled), count - filled)
            }
            if got == 0 { break }
            if got > 0 {
                filled += got
            } else if errno != EINTR {
                throw .system(call: "read", errno: errno)
            }
        }
        return Array(octets.prefix(filled))
    }
}
