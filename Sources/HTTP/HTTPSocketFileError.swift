public import EventLoop

/// Why a Unix socket cannot be listened on.
public enum HTTPSocketFileError: Error, CustomStringConvertible {
    case tooLong
    /// Something else has the name.
    case isNoSocket
    /// Another process listens there.
    case inUse
    /// The folder is not there.
    case noFolder
    case system(SystemError)

    /// What is wrong and what to do, without the path.
    public var description: String {
        switch self {
        case .tooLong: "a path of more than 107 octets cannot be a socket; use a shorter one"
        case .isNoSocket: "there is a file with this name that is no socket; remove it or use another path"
        case .inUse: "another process listens there; stop it or use another path"
        case .noFolder: "its folder does not exist; create it, or let systemd do so with RuntimeDirectory="
        case .system(let error): "\(error)"
        }
    }
}
