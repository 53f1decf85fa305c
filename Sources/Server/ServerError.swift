public import Configuration
public import EventLoop
import Glibc
public import TLS

/// Why the server could not start or go on.
public enum ServerError: Error, CustomStringConvertible {
    case cannotListen(ListenAddress, SystemError)
    /// The admin port that the configuration names.
    case cannotListenForAdmin(ListenAddress, SystemError)
    /// A server, with what it is for, has an address that this server listens on.
    case forwardsToItself(String, ListenAddress)
    case system(SystemError)
    case authorities(TLSContextError)

    /// One sentence that says what to do.
    public var description: String {
        switch self {
        case .cannotListen(let address, let error):
            "cannot listen on \(address): \(error); \(Self.advice(error))"
        case .cannotListenForAdmin(let address, let error):
            "cannot listen on \(address) for metrics and health: \(error); change `admin.listen`, or write none"
        case .forwardsToItself(let server, let listener):
            "\(server) is this server itself, which listens on \(listener), so that queries would go in circles;"
                + " name another server"
        case .system(let error):
            "the system refused to start the server: \(error)"
        case .authorities(let error): "\(error)"
        }
    }

    private static func advice(_ error: SystemError) -> String {
        switch error.errno {
        case EADDRINUSE:
            "stop the program that uses the port (ss -lnup shows it) or change `listen`"
        case EACCES:
            "ports below 1024 need root or CAP_NET_BIND_SERVICE; start with it or change `listen`"
        case EADDRNOTAVAIL:
            "this machine has no such address; change `listen`"
        default: "change `listen`"
        }
    }
}
