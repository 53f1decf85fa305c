import DNSWire

/// What outlives a routing table: the numbers of servers, and the cache tags of routes.
///
/// A table that follows another gets the same number for the same server, so that its health and its connections stay,
/// and the same tag for a route whose definition did not change, so that its answers stay. It does not grow with the
/// number of tables: what is gone is forgotten.
public struct RoutingDirectory: Sendable {
    /// Milliseconds until the number of a server that no table has any more is given to another.
    ///
    /// Much longer than a worker keeps a query or an unused socket.
    static let retirementMilliseconds: UInt64 = 30_000

    /// All numbers by their last server, also those that are free.
    private(set) var upstreams: [Upstream] = []
    /// How often a number was given to another server.
    private(set) var reassignedNumbers = 0
    private var ids: [Upstream: UpstreamID] = [:]
    private var usage: [Usage] = []
    private var free: [UpstreamID] = []
    private var tags: [RouteIdentity: UInt32] = [:]
    /// The tags of the table before.
    private var earlierTags: [RouteIdentity: UInt32] = [:]
    private var nextTag: UInt32 = 1
    private var tableCount: UInt32 = 0
    private var now: UInt64 = 0

    /// Who uses the number of a server.
    private struct Usage {
        /// The last table that has it.
        var table: UInt32
        /// When the first table without it was made.
        var retiredAt: UInt64?
    }

    public init() {}

    // MARK: - Tables

    /// Begins a table; what its predecessors left long ago is free.
    ///
    /// - Parameter now: milliseconds of a clock that never goes back.
    mutating func beginTable(now: UInt64) {
        self.now = now
        tableCount += 1
        earlierTags = tags
        tags = Dictionary(minimumCapacity: earlierTags.count)
        for (place, use) in usage.enumerated() {
            guard let since = use.retiredAt, now >= since + Self.retirementMilliseconds else { continue }
            let id = UpstreamID(rawValue: Int32(place))
            guard ids[upstreams[place]] == id else { continue }
            ids[upstreams[place]] = nil
            free.append(id)
        }
    }

    /// Ends a table; what it did not ask for is gone, tags at once and numbers after a while.
    mutating func endTable() {
        earlierTags = [:]
        for place in usage.indices where usage[place].table != tableCount && usage[place].retiredAt == nil {
            usage[place].retiredAt = now
        }
    }

    // MARK: - Numbers and tags

    /// The number of a server, a new one if it has none.
    mutating func id(of upstream: Upstream) -> UpstreamID {
        let id = ids[upstream] ?? newID(for: upstream)
        usage[Int(id.rawValue)] = Usage(table: tableCount)
        return id
    }

    /// The numbers of a server at all of its addresses, those that it has in a table.
    public func numbers(of server: ServerDefinition, _ addresses: ServerAddresses) -> [UpstreamID] {
        switch server.host {
        case .address(let address): [ids[server.upstream(at: address)]].compactMap { $0 }
        case .name(let name): (addresses[name] ?? []).compactMap { ids[server.upstream(at: $0)] }
        }
    }

    private mutating func newID(for upstream: Upstream) -> UpstreamID {
        let id: UpstreamID
        if let last = free.popLast() {
            id = last
            reassignedNumbers += 1
            upstreams[Int(id.rawValue)] = upstream
        } else {
            id = UpstreamID(rawValue: Int32(upstreams.count))
            upstreams.append(upstream)
            usage.append(Usage(table: tableCount))
        }
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

    /// The cache tag of a route, a new one if the table before had no such route.
    mutating func tag(of route: RouteIdentity) -> UInt32 {
        if let tag = tags[route] { return tag }
        let tag = earlierTags[route] ?? nextTag
        if tag == nextTag { nextTag += 1 }
        tags[route] = tag
        return tag
    }
}

extension ClusterDefinition {
    /// What makes its answers those of another definition, in words that mean the same to every process.
    public var identity: String {
        RouteIdentity.text(name: name, zone: zone, clusterDomain: clusterDomain, servers: servers)
    }
}

/// What makes the answers of two routes the same, in 128 bits.
///
/// The parts themselves would take half a kilobyte for each cluster. The hash is keyed with a secret of the process, so
/// that nobody can make two routes look alike.
struct RouteIdentity: Hashable, Sendable {
    private let first: Int
    private let second: Int

    /// - Parameter servers: their weights do not matter, nor do the addresses behind their names.
    init(name: String, zone: DomainName, clusterDomain: DomainName, servers: [ServerDefinition]) {
        func hash(_ part: UInt8) -> Int {
            var hasher = Hasher()
            hasher.combine(part)
            hasher.combine(name)
            hasher.combine(zone)
            hasher.combine(clusterDomain)
            hasher.combine(servers.count)
            for server in servers {
                hasher.combine(server.host)
                hasher.combine(server.port)
                hasher.combine(server.transport)
                hasher.combine(server.tls)
            }
            return hasher.finalize()
        }
        first = hash(0)
        second = hash(1)
    }

    /// All that `init` takes into account, as text.
    static func text(
        name: String,
        zone: DomainName,
        clusterDomain: DomainName,
        servers: [ServerDefinition]
    ) -> String {
        let domains = [zone, clusterDomain].map { domain in
            domain.folded.labels.map { "\($0)" }.joined(separator: ".")
        }
        let servers = servers.map { server in
            let host =
                switch server.host {
                case .address(let address): address.description
                case .name(let name): name.folded.labels.map { "\($0)" }.joined(separator: ".")
                }
            let tls = server.tls.map { "\($0.name)#\($0.authorities ?? "")" } ?? ""
            return "\(server.transport) \(host) \(server.port) \(tls)"
        }
        return ([name] + domains + servers).joined(separator: "\n")
    }

    init(_ cluster: ClusterDefinition) {
        self.init(
            name: cluster.name,
            zone: cluster.zone,
            clusterDomain: cluster.clusterDomain,
            servers: cluster.servers
        )
    }
}

extension [ServerDefinition] {
    /// The same as `ClusterDefinition.identity`, for the default route with these servers.
    public var defaultIdentity: String {
        let root = DomainName()
        return RouteIdentity.text(name: "", zone: root, clusterDomain: root, servers: self)
    }
}
