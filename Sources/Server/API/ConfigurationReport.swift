/// What `/api/config` says: the configuration in use, with the keys of the file and every default written out.
///
/// Units end the values as in the file: `64MiB` is written in octets, times in seconds or milliseconds.
public struct ConfigurationReport: Codable, Sendable {
    public var listen: [String]
    public var workers: Int
    public var access: Access
    public var upstream: Route
    public var clusters: [Route]
    /// The zone pattern; nil without one.
    public var zonePattern: String?
    public var cache: Cache
    public var admin: Admin
    public var log: Log

    /// Who may ask.
    public struct Access: Codable, Sendable {
        public var allow: [String]
        public var diagnostics: [String]?
        public var waitingPerClient: Int
    }

    /// A cluster, or the default route, which has no name.
    public struct Route: Codable, Sendable {
        public var name: String?
        public var zone: String?
        public var clusterDomain: String?
        public var servers: [String]
        public var reverse: [String]?
        public var policy: String
        public var hedge: String?
        public var limits: Limits
        public var probe: Probe?
    }

    /// What a route may take.
    public struct Limits: Codable, Sendable {
        public var pending: Int
        public var connections: Int
        public var retries: Int
    }

    /// How servers are probed; nil for `off`.
    public struct Probe: Codable, Sendable {
        public var interval: String
        public var idle: String
        public var fall: Int
        public var rise: Int
    }

    /// The answer cache.
    public struct Cache: Codable, Sendable {
        /// In octets.
        public var size: Int
        public var minTTL: String
        public var maxTTL: String
        public var negativeTTL: String
        public var serveStale: String
        public var staleAfter: String
        public var prefetch: Bool
    }

    /// The admin port and the control socket.
    public struct Admin: Codable, Sendable {
        public var listen: String
        public var controlSocket: String
        public var ready: String
    }

    /// The log.
    public struct Log: Codable, Sendable {
        public var level: String
        public var format: String
    }
}
