import DNSWire
public import Routing

/// Routes and settings as of one configuration.
///
/// Immutable; replaced whole, never changed.
public final class ForwardingSnapshot: Sendable {
    public let table: RoutingTable
    /// By the number of the server; also those of earlier tables.
    public let health: [UpstreamHealth]
    /// By the place of the route.
    public let routeStates: [RouteState]
    /// Where each route and server is counted.
    public let metricRows: MetricRows
    let serverRoutes: ServerRoutes
    let probePace: ProbePace
    let outages: OutageCount
    /// Clients that are answered.
    public let allowed: IPPrefixSet
    /// Clients that are answered in class CH.
    public let diagnosticsAllowed: IPPrefixSet
    public let ttls: TTLLimits
    public let caching: CachingSettings
    /// Queries of one client address that may wait at once in one worker.
    public let waitingPerClient: Int
    let refreshClaims: RefreshClaims
    /// What `id.server` and `hostname.bind` say (RFC 4892).
    public let hostname: String
    /// What `version.bind` says.
    public let version: String

    /// - Parameter previous: the snapshot that this one follows, whose servers and routes keep their state.
    public init(
        table: RoutingTable,
        following previous: ForwardingSnapshot? = nil,
        allowed: IPPrefixSet,
        diagnosticsAllowed: IPPrefixSet,
        ttls: TTLLimits,
        caching: CachingSettings = CachingSettings(),
        waitingPerClient: Int = ForwardingLimits.waitingPerClient,
        hostname: String,
        version: String
    ) {
        self.table = table
        health = Self.health(table, following: previous)
        routeStates = Self.routeStates(table, following: previous)
        metricRows = MetricRows(table, following: previous?.metricRows)
        serverRoutes = ServerRoutes(table)
        probePace = previous?.probePace ?? ProbePace()
        outages = previous?.outages ?? OutageCount()
        self.allowed = allowed
        self.diagnosticsAllowed = diagnosticsAllowed
        self.ttls = ttls
        self.caching = caching
        self.waitingPerClient = waitingPerClient
        refreshClaims = previous?.refreshClaims ?? RefreshClaims()
        self.hostname = hostname
        self.version = version
    }

    /// The health of the servers: what is known of them, and new where nothing is.
    private static func health(
        _ table: RoutingTable,
        following previous: ForwardingSnapshot?
    ) -> [UpstreamHealth] {
        table.upstreams.enumerated().map { place, upstream in
            // Another server may have had the number before.
            guard let previous, place < previous.health.count, previous.table.upstreams[place] == upstream
            else { return UpstreamHealth() }
            let known = previous.health[place]
            // Nobody looks after a server without routes: one that comes back is no longer what it was when it went.
            let wasUnused = previous.serverRoutes[UpstreamID(rawValue: Int32(place))].isEmpty
            return wasUnused && known.isInTrouble ? UpstreamHealth() : known
        }
    }

    /// The states of the routes: those that they had before, and new ones.
    private static func routeStates(
        _ table: RoutingTable,
        following previous: ForwardingSnapshot?
    ) -> [RouteState] {
        guard let previous else { return table.routes.map { _ in RouteState() } }
        let old = previous.table
        let places = Dictionary(zip(old.routes.map(\.cacheTag), old.routes.indices)) { first, _ in first }
        let drained = Set(zip(old.routes, previous.routeStates).filter { $1.isDrained }.map(\.0.name))
        return table.routes.map { route in
            // Of a cluster that has changed, what is known of its answers ends; that it is worked on does not.
            guard let place = places[route.cacheTag] else {
                return RouteState(isDrained: drained.contains(route.name))
            }
            let servers = route.upstreams.lazy.map { table.upstreams[Int($0.rawValue)] }
            let oldServers = old.routes[place].upstreams.lazy.map { old.upstreams[Int($0.rawValue)] }
            // A name of a server has another address: what failed before may not fail any more.
            if !servers.elementsEqual(oldServers) { previous.routeStates[place].recovered() }
            return previous.routeStates[place]
        }
    }
}

/// What becomes of the TTLs of upstream servers, in seconds.
public struct TTLLimits: Sendable, BitwiseCopyable {
    public var minimum: UInt32
    public var maximum: UInt32
    /// The longest time that a denial is kept (RFC 2308 §5).
    public var negative: UInt32

    public init(minimum: UInt32 = 0, maximum: UInt32 = 3600, negative: UInt32 = 5) {
        self.minimum = minimum
        self.maximum = maximum
        self.negative = negative
    }

    /// A TTL within the limits.
    ///
    /// With its high bit set it counts as large (RFC 8767 §4).
    func clamp(_ ttl: UInt32) -> UInt32 {
        min(max(min(ttl, WireLimits.ttlSeconds), minimum), maximum)
    }
}
