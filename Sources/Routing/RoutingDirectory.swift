import DNSWire

/// What outlives a routing table: the numbers of servers, and the cache tags of routes.
///
/// A table that follows another gets the same number for the same server, so that its health and its connections stay,
/// and the same tag for a route whose definition did not change, so that its answers stay.
public struct RoutingDirectory: Sendable {
    /// All servers that have a number, by it.
    private(set) var upstreams: [Upstream] = []
    private var ids: [Upstream: UpstreamID] = [:]
    private var tags: [RouteIdentity: UInt32] = [:]
    private var nextTag: UInt32 = 1

    public init() {}

    /// The number of a server, a new one if it has none.
    mutating func id(of upstream: Upstream) -> UpstreamID {
        if let id = ids[upstream] { return id }
        let id = UpstreamID(rawValue: Int32(upstreams.count))
        upstreams.append(upstream)
        ids[upstream] = id
        return id
    }

    /// The numbers and weights of servers, each once, in order.
    mutating func servers(
        _ definitions: [ServerDefinition],
        _ addresses: ServerAddresses
    ) -> [(id: UpstreamID, weight: Int)] {
        var servers: [(id: UpstreamID, weight: Int)] = []
        func add(_ definition: ServerDefinition, _ address: IPAddress) {
            let id = id(of: definition.upstream(at: address))
            if !servers.contains(where: { $0.id == id }) { servers.append((id, definition.weight)) }
        }
        for definition in definitions {
            switch definition.host {
            case .address(let address): add(definition, address)
            case .name(let name): for address in addresses[name] ?? [] { add(definition, address) }
            }
        }
        return servers
    }

    /// The cache tag of a route, a new one if there was no such route.
    mutating func tag(of route: RouteIdentity) -> UInt32 {
        if let tag = tags[route] { return tag }
        tags[route] = nextTag
        nextTag += 1
        return nextTag - 1
    }
}

/// What makes the answers of two routes the same.
struct RouteIdentity: Hashable, Sendable {
    var name: String
    var zone: DomainName
    var clusterDomain: DomainName
    var servers: [ServerDefinition]
}

extension RouteIdentity {
    init(_ cluster: ClusterDefinition) {
        self.init(
            name: cluster.name,
            zone: cluster.zone,
            clusterDomain: cluster.clusterDomain,
            servers: cluster.servers
        )
    }
}
