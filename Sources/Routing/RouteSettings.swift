public import DNSWire

/// How the servers of a route are used.
public struct RouteSettings: Hashable, Sendable {
    /// Which server is asked first.
    public enum Policy: String, Hashable, Sendable, CaseIterable {
        /// The first in the configuration that is up.
        case ordered
        /// Any that is up, by weight.
        case random
        /// The one with the smallest round-trip time, and now and then another.
        case fastest
    }

    public var policy: Policy
    /// Milliseconds after which a second server is asked, too, although the first is not overdue; nil means never.
    public var hedgeMilliseconds: UInt64?
    public var probe: ProbeSettings
    public var limits: RouteLimits

    public init(
        policy: Policy = .ordered,
        hedgeMilliseconds: UInt64? = nil,
        probe: ProbeSettings = ProbeSettings(),
        limits: RouteLimits = RouteLimits()
    ) {
        self.policy = policy
        self.hedgeMilliseconds = hedgeMilliseconds
        self.probe = probe
        self.limits = limits
    }
}

/// The question that shows whether a server is up, and how often it is asked.
public struct ProbeSettings: Hashable, Sendable {
    /// Whether servers are asked at all when no client does.
    public var isEnabled: Bool
    /// In the servers' own names; nil means `kubernetes.default.svc.<clusterDomain>` for a cluster, which CoreDNS
    /// has only once it knows the cluster's services, and the root for the default route.
    public var name: DomainName?
    /// nil means A for a cluster, NS for the default route.
    public var type: RecordType?
    /// Milliseconds between two trials of a server that is down, 2,000 at most.
    public var intervalMilliseconds: UInt64
    /// Milliseconds without an answer after which a server that is up is asked.
    public var idleMilliseconds: UInt64
    /// Failures in a row until a server counts as down.
    public var fall: Int
    /// Successes in a row until it counts as up again.
    public var rise: Int

    public init(
        isEnabled: Bool = true,
        name: DomainName? = nil,
        type: RecordType? = nil,
        intervalMilliseconds: UInt64 = 500,
        idleMilliseconds: UInt64 = 10_000,
        fall: Int = 2,
        rise: Int = 1
    ) {
        self.isEnabled = isEnabled
        self.name = name
        self.type = type
        self.intervalMilliseconds = intervalMilliseconds
        self.idleMilliseconds = idleMilliseconds
        self.fall = fall
        self.rise = rise
    }
}

/// What one route may take of the server, so that one which does not answer is not felt by the others.
public struct RouteLimits: Hashable, Sendable {
    /// Questions in flight, over all workers.
    public var pendingQueries: Int
    /// TCP and TLS connections to one server, of one worker.
    public var connectionsPerServer: Int
    /// Further sends of a question per hundred first ones, when servers are late or fail.
    public var retryPercent: Int

    public init(pendingQueries: Int = 4096, connectionsPerServer: Int = 2, retryPercent: Int = 20) {
        self.pendingQueries = pendingQueries
        self.connectionsPerServer = connectionsPerServer
        self.retryPercent = retryPercent
    }
}
