public import Routing

/// One entry of `servers` of `upstream`, in the order of the file.
public enum ServerSource: Hashable, Sendable {
    case server(ServerDefinition)
    /// The path of a file in the format of resolv.conf(5), whose `nameserver` lines stand for servers.
    case resolvConf(path: String)
}
