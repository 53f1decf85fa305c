import Configuration
import DNSWire
import Forwarding
import Routing

/// Makes the snapshots of a server, each following the one before.
///
/// Control thread.
struct SnapshotBuilder {
    var configuration: ServerConfiguration
    private var directory = RoutingDirectory()
    private(set) var current: ForwardingSnapshot?
    /// The servers that are given by name and have addresses, with their numbers in the current snapshot.
    private var named: [(name: DomainName, ids: [UpstreamID])] = []

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
        named = (configuration.servers + configuration.clusters.flatMap(\.servers)).compactMap { server in
            guard case .name(let name) = server.host else { return nil }
            let ids = directory.numbers(of: server, addresses)
            return ids.isEmpty ? nil : (name, ids)
        }
        return next
    }

    /// The names of servers that have addresses, all of them down.
    var namesThatAreDown: [DomainName] {
        guard let health = current?.health else { return [] }
        return named.filter { $0.ids.allSatisfy { health[Int($0.rawValue)].isDown } }.map(\.name)
    }
}
