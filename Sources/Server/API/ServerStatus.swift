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

    /// Queries since the start, by transport.
    public struct Queries: Codable, Sendable {
        public var udp: UInt64
        public var tcp: UInt64
    }

    /// Look-ups of the cache since the start.
    public struct Cache: Codable, Sendable {
        public var hits: UInt64
        public var misses: UInt64
    }
}
