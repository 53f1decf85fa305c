public import DNSWire

/// How a server is spoken to.
public enum UpstreamTransport: Hashable, Sendable, BitwiseCopyable {
    /// UDP, and TCP for answers that do not fit.
    case udp
    /// TCP only.
    case tcp
    /// TLS over TCP (RFC 7858).
    case tls
}

/// The address of a server that queries are forwarded to.
public struct Upstream: Hashable, Sendable {
    public var transport: UpstreamTransport
    public var address: IPAddress
    public var port: UInt16
    /// How the server proves who it is; for `.tls` only.
    public var tls: TLSIdentity?

    public init(
        transport: UpstreamTransport = .udp,
        address: IPAddress,
        port: UInt16 = 53,
        tls: TLSIdentity? = nil
    ) {
        self.transport = transport
        self.address = address
        self.port = port
        self.tls = tls
    }
}

/// The place of a server in `RoutingTable.upstreams`.
public struct UpstreamID: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// The place of a route in `RoutingTable.routes`; the default route is 0.
public struct RouteID: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let defaultRoute = RouteID(rawValue: 0)
}

/// A cluster as the routing table takes it.
public struct ClusterDefinition: Sendable, Equatable {
    public var name: String
    public var zone: DomainName
    public var clusterDomain: DomainName
    public var servers: [ServerDefinition]
    public var reverse: [IPPrefix]
    public var settings: RouteSettings

    public init(
        name: String,
        zone: DomainName,
        clusterDomain: DomainName,
        servers: [ServerDefinition],
        reverse: [IPPrefix] = [],
        settings: RouteSettings = RouteSettings()
    ) {
        self.name = name
        self.zone = zone
        self.clusterDomain = clusterDomain
        self.servers = servers
        self.reverse = reverse
        self.settings = settings
    }
}

/// Where queries of one cluster, or all other queries, are sent.
///
/// Immutable, and an object because it is large: every forwarded query looks at it.
public final class Route: Sendable {
    // What every forwarded query needs stands first, on one cache line.

    /// The mapping of a cluster's names; nil when names go upstream as they are.
    public let mapping: NameMapping?
    /// The servers in the order of the configuration.
    public let upstreams: [UpstreamID]
    /// The share of queries of each under the policy `random`.
    public let weights: [Int]
    /// What keeps this route's cache entries apart from those of others and of its own earlier definitions.
    public let cacheTag: UInt32
    /// The cluster's name, or "default".
    public let name: String
    /// The domain inside which this route's servers are believed, in their own names; the root for the default.
    public let bailiwick: DomainName
    public let settings: RouteSettings
    /// The first of the names of its servers that has no address yet, as text.
    public let unresolvedName: String?

    init(
        name: String,
        mapping: NameMapping?,
        bailiwick: DomainName,
        servers: [(id: UpstreamID, weight: Int)],
        unresolvedName: String?,
        cacheTag: UInt32,
        settings: RouteSettings
    ) {
        self.name = name
        self.mapping = mapping
        self.bailiwick = bailiwick
        upstreams = servers.map(\.id)
        weights = servers.map(\.weight)
        self.unresolvedName = unresolvedName
        self.cacheTag = cacheTag
        self.settings = settings
    }

    /// How people call it: `cluster east`, `default route`.
    public var label: String { name == "default" ? "default route" : "cluster \(name)" }
}
