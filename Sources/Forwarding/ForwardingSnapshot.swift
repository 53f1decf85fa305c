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
        health = table.upstreams.enumerated().map { place, upstream in
            // Another server may have had the number before.
            guard let previous, place < previous.health.count, previous.table.upstreams[place] == upstream
            else { return UpstreamHealth() }
            return previous.health[place]
        }
        var states: [UInt32: RouteState] = [:]
        if let previous {
            for (route, state) in zip(previous.table.routes, previous.routeStates) {
                states[route.cacheTag] = state
            }
        }
        routeStates = table.routes.map { states[$0.cacheTag] ?? RouteState() }
        self.allowed = allowed
        self.diagnosticsAllowed = diagnosticsAllowed
        self.ttls = ttls
        self.caching = caching
        self.waitingPerClient = waitingPerClient
        refreshClaims = previous?.refreshClaims ?? RefreshClaims()
        self.hostname = hostname
        self.version = version
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
