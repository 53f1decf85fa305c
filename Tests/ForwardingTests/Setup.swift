import DNSWire
import Forwarding
import PresentationFormat
import Routing
import Testing

/// The configuration of a scenario: clusters east and west below k8s.corp, two default upstreams.
struct Setup {
    var defaultServers = ["192.0.2.53", "192.0.2.54"]
    var clusters = [
        Cluster("east", ["10.1.0.10", "10.1.0.11"], reverse: ["10.96.0.0/12", "2001:db8:e::/48"]),
        Cluster("west", ["10.2.0.10"], reverse: ["10.112.0.0/12"]),
    ]
    var patternParent: String? = "k8s.corp"
    var ttls = TTLLimits()
    var caching = CachingSettings()
    /// Scenarios have few client addresses.
    var waitingPerClient = 100_000
    var hasCache = true
    var seed: UInt64 = 1
    /// The first random numbers, from which message IDs are made.
    var ids: [UInt64] = []
    var tcpServers: Set<String> = []
    /// Servers that are asked over TLS, and the names that their certificates must have.
    var tlsServers: [String: String] = [:]
    /// Those of servers below `example.`, which are given by name.
    var addresses: ServerAddresses = [:]
    /// For all routes.
    var settings = RouteSettings()
    /// By server, for the policy `random`.
    var weights: [String: Int] = [:]
    /// Whether servers are probed as time passes.
    var hasTicks = false

    struct Cluster {
        var name: String
        var servers: [String]
        var zone: String
        var domain: String
        var reverse: [String]

        init(
            _ name: String,
            _ servers: [String],
            zone: String? = nil,
            domain: String = "cluster.local",
            reverse: [String] = []
        ) {
            self.name = name
            self.servers = servers
            self.zone = zone ?? "\(name).k8s.corp"
            self.domain = domain
            self.reverse = reverse
        }
    }

    /// - Parameter now: milliseconds, for the directory.
    func snapshot(
        _ directory: inout RoutingDirectory,
        following previous: ForwardingSnapshot? = nil,
        now: UInt64 = 0
    ) throws -> ForwardingSnapshot {
        let table = RoutingTable(
            defaultServers: try defaultServers.map(server),
            defaultSettings: settings,
            clusters: try clusters.map { cluster in
                ClusterDefinition(
                    name: cluster.name,
                    zone: try DomainName(presentation: cluster.zone),
                    clusterDomain: try DomainName(presentation: cluster.domain),
                    servers: try cluster.servers.map(server),
                    reverse: try cluster.reverse.map(readPrefix),
                    settings: settings
                )
            },
            patternParent: try patternParent.map { try DomainName(presentation: $0) },
            addresses: addresses,
            directory: &directory,
            now: now
        )
        return ForwardingSnapshot(
            table: table,
            following: previous,
            allowed: IPPrefixSet([try readPrefix("127.0.0.0/8"), try readPrefix("fd00::/8")]),
            diagnosticsAllowed: IPPrefixSet([try readPrefix("127.0.0.1/32")]),
            ttls: ttls,
            caching: caching,
            waitingPerClient: waitingPerClient,
            hostname: "resolver-1",
            version: "switchyard 0.1"
        )
    }

    private func server(_ text: String) throws -> ServerDefinition {
        if text.hasSuffix(".example") { return ServerDefinition(.name(try DomainName(presentation: text))) }
        return ServerDefinition(
            .address(try readAddress(text)),
            transport: tlsServers[text] != nil ? .tls : tcpServers.contains(text) ? .tcp : .udp,
            tls: tlsServers[text].map { TLSIdentity(name: $0) },
            weight: weights[text] ?? 1
        )
    }
}

/// An address of text, read as the RDATA of an A or AAAA record.
func readAddress(_ text: String) throws -> IPAddress {
    let isIPv6 = text.contains(":")
    let record = try ResourceRecord(presentation: ". 0 \(isIPv6 ? "AAAA" : "A") \(text)")
    return isIPv6
        ? IPAddress(ipv6: record.rdata.reduce(0) { $0 << 8 | UInt128($1) })
        : IPAddress(ipv4: record.rdata.reduce(0) { $0 << 8 | UInt32($1) })
}

/// A prefix of text: `10.96.0.0/12`.
func readPrefix(_ text: String) throws -> IPPrefix {
    let parts = text.split(separator: "/").map(String.init)
    let length = try #require(Int(parts[1]))
    return try #require(IPPrefix(try readAddress(parts[0]), length: length))
}
