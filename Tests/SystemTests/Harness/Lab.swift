import Testing

/// The servers that the tests share: two clusters on knotd, one on dnsmasq, the public DNS on Unbound,
/// and a forwarder in front of them.
final class Lab: Sendable {
    let east: TestServer
    let west: TestServer
    let old: TestServer
    let publicDNS: TestServer
    let forwarder: TestServer

    @TaskLocal private static var running: Lab?

    /// The lab of the running test.
    static var current: Lab {
        get throws { try #require(running, "the lab did not start") }
    }

    private init() throws {
        east = try .knotd(zones: LabZones.cluster(network: 96, other: "west"))
        let billing = "billing.shop.svc A 10.112.0.30\n"
        west = try .knotd(zones: LabZones.cluster(network: 112, other: "east", extra: billing))
        old = try .dnsmasq(Self.oldCluster, probe: TestMessage(query: "web.shop.svc.cluster.local"))
        publicDNS = try .unbound(zones: LabZones.publicZones, records: LabZones.publicRecords)
        let listen = ["127.0.0.1:PORT", "127.0.0.2:PORT"] + (Machine.hasIPv6 ? ["\"[::1]:PORT\""] : [])
        forwarder = try .switchyard(
            """
            listen: [\(listen.joined(separator: ", "))]
            workers: 2
            upstream: {servers: [\(publicDNS.endpoint)]}
            zonePattern: "{cluster}.k8s.corp"
            clusters:
            \(Self.clusters(east: east.endpoint, west: west.endpoint, old: old.endpoint))
            cache: {size: 4MiB}
            """
        )
    }

    /// Where the shared forwarder answers.
    static var server: Endpoint {
        get throws { try current.forwarder.endpoint }
    }

    /// The clusters of the lab as configuration.
    static func clusters(east: Endpoint, west: Endpoint, old: Endpoint) -> String {
        """
          - name: east
            servers: ["\(east)"]
            reverse: [10.96.0.0/13, "fd00:10:96::/50"]
          - name: west
            servers: ["\(west)"]
            reverse: [10.112.0.0/20, 172.20.0.32/27]
          - name: old
            servers: ["\(old)"]
            reverse: [10.200.0.0/16]
          - name: frankfurt
            zone: production.frankfurt.eu.k8s.corp
            servers: ["\(east)"]
          - name: tiny
            zone: t.corp
            servers: ["\(east)"]
          - name: inner
            zone: inner.east.k8s.corp
            servers: ["\(west)"]
          - name: plain
            zone: 10.in-addr.arpa.plain.corp
            clusterDomain: 10.in-addr.arpa
            servers: ["\(west)"]
        """
    }

    /// A cluster as kube-dns served it: dnsmasq, flat records, denials without SOA.
    private static let oldCluster = [
        "--local=/cluster.local/", "--local=/in-addr.arpa/", "--local-ttl=30",
        "--host-record=web.shop.svc.cluster.local,10.200.0.20,fd00:10:200::20",
        "--srv-host=_http._tcp.web.shop.svc.cluster.local,web.shop.svc.cluster.local,80,0,100",
        "--cname=storefront.shop.svc.cluster.local,web.shop.svc.cluster.local",
        "--ptr-record=21.0.200.10.in-addr.arpa,cart.shop.svc.cluster.local",
        "--txt-record=dns-version.cluster.local,1.0.0",
    ]

    /// Runs something with a lab that is ended afterwards.
    fileprivate static func withLab(_ body: () async throws -> Void) async throws {
        let lab = try Lab()
        try await $running.withValue(lab) { try await body() }
        lab.stop()
    }

    private func stop() {
        for server in [forwarder, east, west, old, publicDNS] { server.process.stop() }
    }
}

/// Starts the lab for a suite and all suites within it.
struct LabTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Lab.withLab(function)
    }
}

/// The real program between real servers and real clients, one test at a time.
@Suite(.serialized, LabTrait())
struct SystemTests {}
