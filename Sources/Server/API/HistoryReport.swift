/// What `/api/history` says: samples of the last 15 minutes, oldest first.
public struct HistoryReport: Codable, Sendable {
    /// Seconds between two samples.
    public var intervalSeconds: Int
    /// Samples that are kept.
    public var capacity: Int
    /// The number of the last sample.
    public var sequence: Int
    /// Whether all samples that are kept are here, and not only those that were asked for.
    public var isWhole: Bool
    public var total: Total
    public var routes: [Route]
    /// Routes without a history, because there are too many.
    public var omittedRoutes: Int
    public var incidents: [Incident]

    /// Of all queries, each per second.
    public struct Total: Codable, Sendable, Equatable {
        public var queries: [Double] = []
        public var hits: [Double] = []
        public var misses: [Double] = []
        public var failures: [Double] = []
        public var hitMedianMilliseconds: [Double?] = []
        public var hitP99Milliseconds: [Double?] = []
        public var missMedianMilliseconds: [Double?] = []
        public var missP99Milliseconds: [Double?] = []
    }

    /// Of a cluster, or of the default route, which has no zone.
    public struct Route: Codable, Sendable {
        public var name: String
        public var zone: String?
        /// `up`, `degraded`, `down` or `drained`.
        public var state: String
        public var pending: Int
        /// Per second.
        public var queries: [Double]
        public var failures: [Double]
        public var servers: [Server]
    }

    /// Of a server of a route.
    public struct Server: Codable, Sendable {
        public var address: String
        public var state: String
        public var trouble: String?
        /// nil while the server does not answer.
        public var roundTripMilliseconds: [Double?]
    }

    /// Failures of one kind between two samples.
    public struct Incident: Codable, Sendable {
        /// Since 1970, in seconds.
        public var time: Double
        public var route: String
        public var server: String
        public var reason: String
        public var count: UInt64
    }
}
