import Routing

/// How the server is watched and told what to do.
public struct AdminConfiguration: Sendable, Equatable {
    /// Where metrics and the like are served over TCP; nil means nowhere.
    public var listen: ListenAddress?
    /// Whether the file says where: then a server that cannot listen there does not start.
    public var isListenWritten = false
    /// The path of the Unix socket for the commands; nil means none.
    public var controlSocket: String?
    /// How many clusters must be reachable for the server to be ready.
    public var ready = Readiness.any

    /// Of the clusters, for `ready`.
    public enum Readiness: String, Sendable, CaseIterable {
        case any
        case all
        /// Not even one.
        case none
    }

    public init(
        listen: ListenAddress? = AdminConfiguration.defaultListen,
        controlSocket: String? = AdminConfiguration.defaultControlSocket
    ) {
        self.listen = listen
        self.controlSocket = controlSocket
    }

    /// 127.0.0.1:9153.
    public static let defaultListen = ListenAddress(address: IPAddress(ipv4: 0x7F00_0001), port: defaultPort)
    /// Where a service keeps what lives as long as it.
    public static let defaultControlSocket = "/run/switchyard/control.sock"
    /// What is used where the file gives no port.
    static let defaultPort: UInt16 = 9153
}
