/// What `/api/clusters` says of each cluster, and of the default route, which has no zone.
public struct ClusterStatus: Codable, Sendable {
    public var name: String
    public var zone: String?
    public var clusterDomain: String?
    /// Whether a server of it is up.
    public var isReachable: Bool
    public var servers: [UpstreamStatus]
    /// Questions in flight, of all workers.
    public var pending: Int
    public var hits: UInt64
    public var misses: UInt64
    /// Replies by response code.
    public var replies: [String: UInt64]
    public var latency: Percentiles
}

/// What `/api/upstreams` says of each server.
public struct UpstreamStatus: Codable, Sendable {
    public var address: String
    /// The first route that has it.
    public var route: String
    /// `up`, `suspect` or `down`.
    public var state: String
    public var roundTripMilliseconds: Double?
    public var sent: UInt64
    public var answered: UInt64
    /// By reason.
    public var failures: [String: UInt64]
    /// What went wrong last, while it is in trouble.
    public var trouble: String?
}

/// What `/api/cache` says.
public struct CacheStatus: Codable, Sendable {
    public var sizeBytes: Int
    public var entries: Int
    public var entryBytes: Int
    public var usedBytes: Int
    public var freeBytes: Int
    public var overheadBytes: Int
    public var insertions: UInt64
    public var evictions: UInt64
    public var hits: UInt64
    public var misses: UInt64
    public var stale: UInt64
}

/// What `/ready` says.
public struct Readiness: Codable, Sendable {
    public var isReady: Bool
    /// `any`, `all` or `none`.
    public var policy: String
    /// How many clusters there are.
    public var clusters: Int
    /// The clusters of which no server is up, at most a hundred.
    public var unreachable: [String]
    public var unreachableCount: Int
}
