public import Configuration
import Logging
import Routing
import Synchronization
import TLS

/// What the workers share for connections to servers: whom they believe, and what is said in the log.
///
/// Any thread.
public final class UpstreamStreamSupport: Sendable {
    let warnings: UpstreamWarnings
    /// What verifies certificates, by the file of the authorities; nil means those of the system.
    typealias Authorities = [String?: TLSContext]

    private let contexts: Mutex<Authorities>

    /// Reads the certificates of all authorities that the servers name, each file once.
    init(servers: [ServerDefinition], logger: Logger) throws(ServerError) {
        contexts = Mutex(try Self.contexts(of: servers))
        warnings = UpstreamWarnings(logger)
    }

    /// The same for all servers of a configuration.
    convenience init(_ configuration: ServerConfiguration, _ logger: Logger) throws(ServerError) {
        try self.init(servers: Self.servers(of: configuration), logger: logger)
    }

    /// Says whether the certificates of all authorities that the configuration names can be used; throws why not.
    public static func check(_ configuration: ServerConfiguration) throws(ServerError) {
        _ = try authorities(of: configuration)
    }

    /// Reads the certificates of all authorities that a configuration names.
    static func authorities(of configuration: ServerConfiguration) throws(ServerError) -> Authorities {
        try contexts(of: servers(of: configuration))
    }

    /// Believes these authorities from the next connection on.
    func use(_ authorities: Authorities) { contexts.withLock { $0 = authorities } }

    private static func servers(of configuration: ServerConfiguration) -> [ServerDefinition] {
        configuration.servers + configuration.clusters.flatMap(\.servers)
    }

    private static func contexts(of servers: [ServerDefinition]) throws(ServerError) -> Authorities {
        var contexts: Authorities = [:]
        for server in servers {
            guard let identity = server.tls, contexts[identity.authorities] == nil else { continue }
            do throws(TLSContextError) {
                contexts[identity.authorities] = try TLSContext(authorities: identity.authorities)
            } catch {
                throw .authorities(error)
            }
        }
        return contexts
    }

    /// Whom to believe about a server.
    func context(for identity: TLSIdentity) -> TLSContext? {
        contexts.withLock { $0[identity.authorities] }
    }
}
