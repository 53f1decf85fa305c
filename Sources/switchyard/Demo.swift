import ArgumentParser
import Configuration
import DNSWire
import EmbeddedClusters
import EventLoop
import Routing
import Server
import Transport

/// `switchyard demo`: two embedded clusters and the forwarder in front of them.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start two small clusters and the forwarder in front of them, to try with dig."
    )

    private static let listen = ListenAddress(address: IPAddress(ipv4: 0x7F00_0001), port: 5300)

    func run() throws {
        let clusters = [EmbeddedCluster.east, EmbeddedCluster.west]
        let anyPort = SocketAddress(ipv4: 0x7F00_0001, port: 0)
        let servers: EmbeddedClusterThread
        do throws(SystemError) {
            servers = try EmbeddedClusterThread(clusters.map { ($0, anyPort) })
        } catch {
            throw CommandFailure(code: 3, message: "switchyard: cannot start the embedded clusters: \(error)")
        }
        defer { servers.stop() }
        let configuration = Self.configuration(clusters, servers.addresses)
        try ServerRunner.run(LoadedConfiguration(configuration), from: .fixed(configuration)) {
            StandardStream.output.write(line: Self.welcome(configuration))
        }
    }

    /// Points a route at each cluster's server.
    private static func configuration(
        _ clusters: [EmbeddedCluster],
        _ addresses: [SocketAddress]
    ) -> ServerConfiguration {
        let parent = DomainName("k8s.corp") ?? DomainName()
        let definitions = zip(clusters, addresses).map { cluster, address in
            ClusterDefinition(
                name: cluster.name,
                zone: parent.prepending(Array(cluster.name.utf8)) ?? parent,
                clusterDomain: cluster.clusterDomain,
                servers: [ServerDefinition(.address(listen.address), port: address.port)],
                reverse: cluster.reverse
            )
        }
        return ServerConfiguration(
            listen: [listen],
            workers: 0,
            access: AccessConfiguration(allow: AccessConfiguration.defaultAllow, diagnostics: nil),
            servers: defaultServers(),
            clusters: definitions,
            patternParent: parent,
            cache: CacheConfiguration(),
            admin: AdminConfiguration(controlSocket: nil),
            log: LogConfiguration(level: .warning)
        )
    }

    /// The machine's own servers.
    ///
    /// Without any, names outside the clusters fail and say so; the rest works.
    private static func defaultServers() -> [ServerDefinition] {
        let found = try? ConfigurationLoader.builtInDefaults().servers
        let discard = ServerDefinition(.address(IPAddress(ipv4: 0x7F00_0001)), port: 9)
        return found ?? [discard]
    }

    private static func welcome(_ configuration: ServerConfiguration) -> String {
        let dig = "  dig @127.0.0.1 -p \(listen.port)"
        let direct = configuration.clusters.map { cluster in
            "  \(cluster.name): cluster.local on \(cluster.servers.compactMap(\.upstream?.description).joined(separator: ", "))"
        }
        return """
            Switchyard \(ServerVersion.number) answers on 127.0.0.1:\(listen.port) (UDP and TCP) for two embedded clusters:
            \(direct.joined(separator: "\n"))

            Try, in another terminal:
            \(dig) web.shop.svc.east.k8s.corp
            \(dig) web.shop.svc.west.k8s.corp
            \(dig) _http._tcp.web.shop.svc.east.k8s.corp SRV
            \(dig) db-0.db.shop.svc.west.k8s.corp AAAA
            \(dig) -x 10.96.0.10
            \(dig) billing.shop.svc.west.k8s.corp
            \(dig) billing.shop.svc.east.k8s.corp
            \(dig) web.shop.svc.esat.k8s.corp
            \(dig) version.bind CH TXT

            What happens shows the dashboard: http://\(AdminConfiguration.defaultListen)/

            Ctrl-C ends it.
            """
    }
}
