public import DNSWire

/// How a server is spoken to.
public enum UpstreamTransport: Hashable, Sendable, BitwiseCopyable {
    /// UDP, and TCP for answers that do not fit.
    case udp
    /// TCP only.
    case tcp
}

/// The address of a server that queries are forwarded to.
public struct Upstream: Hashable, Sendable {
    public var transport: UpstreamTransport
    public var address: IPAddress
    public var port: UInt16

    public init(transport: UpstreamTransport = .udp, address: IPAddress, port: UInt16 = 53) {
        self.transport = transport
        self.address = address
        self.port = port
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
    public var upstreams: [Upstream]
    public var reverse: [IPPrefix]

    public init(
        name: String,
        zone: DomainName,
        clusterDomain: DomainName,
        upstreams: [Upstream],
        reverse: [IPPrefix] = []
    ) {
        self.name = name
        self.zone = zone
        self.clusterDomain = clusterDomain
        self.upstreams = upstreams
        self.reverse = reverse
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
    /// What keeps this route's cache entries apart from those of others and of its own earlier definitions.
    public let cacheTag: UInt32
    /// The cluster's name, or "default".
    public let name: String
    /// The domain inside which this route's servers are believed, in their own names; the root for the default.
    public let bailiwick: DomainName

    init(
        name: String,
        mapping: NameMapping?,
        bailiwick: DomainName,
        upstreams: [UpstreamID],
        cacheTag: UInt32
    ) {
        self.name = name
        self.mapping = mapping
        self.bailiwick = bailiwick
        self.upstreams = upstreams
        self.cacheTag = cacheTag
    }

    /// How people call it: `cluster east`, `default route`.
    public var label: String { name == "default" ? "default route" : "cluster \(name)" }
}
