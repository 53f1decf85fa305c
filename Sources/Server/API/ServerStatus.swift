/// What `/api/status` says.
public struct ServerStatus: Codable, Sendable {
    public var version: String
    public var uptimeSeconds: Double
    public var workers: Int
    /// The addresses that queries are taken on.
    public var listen: [String]
    public var clusters: Int
    /// The clusters that are asked nothing for now.
    public var drained: [String]
    public var queries: Queries
    public var cache: Cache
    /// Of hits, and of what clients had to wait for.
    public var latency: Latencies
    public var memoryBytes: Double
    public var reload: Reload?

    /// Queries since the start, by transport, and their rates.
    public struct Queries: Codable, Sendable {
        public var udp: UInt64
        public var tcp: UInt64
        public var perSecond: Double
        public var perSecond10s: Double
        public var perSecond60s: Double
    }

    /// Look-ups of the cache since the start.
    public struct Cache: Codable, Sendable {
        public var hits: UInt64
        public var misses: UInt64
        public var stale: UInt64
        /// The share of hits, 0 to 1; nil before the first look-up.
        public var hitRate: Double?
    }

    /// Percentiles since the start.
    public struct Latencies: Codable, Sendable {
        public var hit: Percentiles
        public var miss: Percentiles
    }

    /// What became of the last reload.
    public struct Reload: Codable, Sendable {
        public var count: Int
        public var failures: Int
        public var lastSucceeded: Bool
        public var lastSuccessSeconds: Double
        public var problems: [String]
        public var keysAwaitingRestart: [String]
    }
}

/// Percentiles of a time in milliseconds; nil before the first.
public struct Percentiles: Codable, Sendable {
    public var p50: Double?
    public var p90: Double?
    public var p99: Double?
}
