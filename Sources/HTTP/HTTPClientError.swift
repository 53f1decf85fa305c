import EventLoop
import Glibc

/// Why a server at a Unix socket gave no answer.
public enum HTTPClientError: Error, Equatable {
    /// The path cannot be one of a socket.
    case tooLong
    /// Nobody listens there.
    case noServer
    case noPermission
    /// The server was silent for too long.
    case timeout
    /// What came is no whole answer.
    case malformed
    /// What the system said.
    case system(CInt)

    init(_ error: CInt) {
        self =
            switch error {
            case ENOENT, ECONNREFUSED, ENOTDIR: .noServer
            case EACCES, EPERM: .noPermission
            case EAGAIN: .timeout
            case ECONNRESET, EPIPE: .malformed
            default: .system(error)
            }
    }
}
