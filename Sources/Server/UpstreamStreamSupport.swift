public import Configuration
import Logging
import Routing
import TLS

/// What the workers share for connections to servers: whom they believe, and what is said in the log.
///
/// Any thread.
public final class UpstreamStreamSupport: Sendable {
    let warnings: UpstreamWarnings
    /// By the file of the authorities; nil means those of the system.
    private let contexts: [String?: TLSContext]

    /// Reads the certificates of all authorities that the servers name, each file once.
    init(servers: [ServerDefinition], logger: Logger) throws(ServerError) {
        contexts = try Self.contexts(of: servers)
        warnings = UpstreamWarnings(logger)
    }

    /// The same for all servers of a configuration.
    convenience init(_ configuration: ServerConfiguration, _ logger: Logger) throws(ServerError) {
        try self.init(servers: Self.servers(of: configuration), logger: logger)
    }

    /// Says whether the certificates of all authorities that the configuration names can be used; throws why not.
    public static func check(_ configuration: ServerConfiguration) throws(ServerError) {
        _ = try contexts(of: servers(of: configuration))
    }

    private static func servers(of configuration: ServerConfiguration) -> [ServerDefinition] {
        configuration.servers + configuration.clusters.flatMap(\.servers)
    }

    private static func contexts(of servers: [ServerDefinition]) throws(ServerError) -> [String?: TLSContext]
    {
        var contexts: [String?: TLSContext] = [:]
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
    func context(for identity: TLSIdentity) -> TLSContext? { contexts[identity.authorities] }
}
