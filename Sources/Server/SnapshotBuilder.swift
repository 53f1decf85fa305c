import Configuration
import Forwarding
import Routing

/// Makes the snapshots of a server, each following the one before.
///
/// Control thread.
struct SnapshotBuilder {
    var configuration: ServerConfiguration
    private var directory = RoutingDirectory()
    private(set) var current: ForwardingSnapshot?

    init(_ configuration: ServerConfiguration) { self.configuration = configuration }

    /// The snapshot of the configuration as it is now.
    ///
    /// - Parameters:
    ///   - addresses: those of the servers that are given by name.
    ///   - now: milliseconds of MonotonicClock.
    mutating func next(_ addresses: ServerAddresses, now: UInt64) -> ForwardingSnapshot {
        let table = RoutingTable(
            defaultServers: configuration.servers,
            defaultSettings: configuration.settings,
            clusters: configuration.clusters,
            patternParent: configuration.patternParent,
            addresses: addresses,
            directory: &directory,
            now: now
        )
        let next = ForwardingSnapshot(configuration, table, following: current)
        current = next
        return next
    }
}
