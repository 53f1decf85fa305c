public import Configuration
public import DNSWire
import Forwarding
import Routing

/// What `/api/explain` says.
public struct ExplainReport: Codable, Sendable, Equatable {
    public var name: String
    public var type: String
    /// `cluster east`, `default route` or `answered here`.
    public var route: String
    public var cluster: String?
    public var reason: String
    /// The name that the servers are asked for.
    public var upstreamName: String?
    public var policy: String?
    public var isDrained: Bool
    /// In the order in which they would be asked.
    public var servers: [Server]
    public var cached: [Cached]
    public var action: String
    /// All of it as text, a line each, in the words of class CH.
    public var lines: [String]
    /// What came of asking, when that was wanted.
    public var live: LiveReport?

    /// A server of the route.
    public struct Server: Codable, Sendable, Equatable {
        public var address: String
        public var transport: String
        /// `up`, `suspect`, `down` or `looping`; nil when no server runs that could know.
        public var state: String?
        public var text: String
        public var failingSeconds: Double?
        public var roundTripSeconds: Double?
    }

    /// What a cache has.
    public struct Cached: Codable, Sendable, Equatable {
        /// `fresh`, `negative`, `stale` or `failure`.
        public var kind: String
        public var text: String
        public var ageSeconds: Int
        public var secondsLeft: Int
        public var uses: Int
    }
}

extension ExplainReport {
    init(_ facts: Explanation) {
        name = facts.qname.escaped
        type = facts.qtype.mnemonic
        route = facts.route
        cluster = facts.cluster
        reason = facts.reason
        upstreamName = facts.upstreamName?.escaped
        policy = facts.policy?.rawValue
        isDrained = facts.isDrained
        servers = facts.servers.map { Server($0) }
        cached = facts.cached.map { Cached($0) }
        action = facts.action
        lines = facts.lines
    }

    /// Explains by a configuration alone: nothing runs, nothing is cached, and no name of a server is resolved.
    public init(_ configuration: ServerConfiguration, _ name: DomainName, _ type: RecordType) {
        var builder = SnapshotBuilder(configuration)
        let snapshot = builder.next([:], now: 0)
        self.init(Explainer(snapshot, cache: nil, failures: nil, now: 0).explain(name, type))
    }
}

extension ExplainReport.Server {
    fileprivate init(_ server: Explanation.Server) {
        address = server.upstream.description
        transport = server.upstream.transport.text
        state = server.health?.state.rawValue
        text = server.text
        failingSeconds = server.health?.failingMilliseconds.map { Double($0) / 1000 }
        roundTripSeconds = server.health?.roundTripMicroseconds.map { Double($0) / 1e6 }
    }
}

extension ExplainReport.Cached {
    fileprivate init(_ cached: Explanation.Cached) {
        kind = cached.kind.rawValue
        text = cached.text
        ageSeconds = Int(cached.ageSeconds)
        secondsLeft = Int(cached.secondsLeft)
        uses = cached.uses
    }
}
