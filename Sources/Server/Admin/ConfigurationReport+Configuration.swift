import Configuration
import Routing

extension ConfigurationReport {
    init(_ configuration: ServerConfiguration) {
        self.init(
            listen: configuration.listen.map(\.description),
            workers: configuration.workers,
            access: Access(
                allow: configuration.access.allow.map(\.text),
                diagnostics: configuration.access.diagnostics?.map(\.text),
                waitingPerClient: configuration.access.waitingPerClient
            ),
            upstream: Route(configuration.servers, configuration.settings),
            clusters: configuration.clusters.map(Route.init),
            zonePattern: configuration.patternParent.map { "{cluster}.\($0.hostName)" },
            cache: Cache(configuration.cache),
            admin: Admin(
                listen: configuration.admin.listen?.description ?? "none",
                controlSocket: configuration.admin.controlSocket ?? "none",
                ready: configuration.admin.ready.rawValue
            ),
            log: Log(level: configuration.log.level.rawValue, format: configuration.log.format.rawValue)
        )
    }
}

extension ConfigurationReport.Route {
    fileprivate init(_ servers: [ServerDefinition], _ settings: RouteSettings) {
        self.init(
            servers: servers.map(\.reportText),
            policy: settings.policy.rawValue,
            hedge: settings.hedgeMilliseconds.map { "\($0)ms" },
            limits: .init(
                pending: settings.limits.pendingQueries,
                connections: settings.limits.connectionsPerServer,
                retries: settings.limits.retryPercent
            ),
            probe: settings.probe.isEnabled ? .init(settings.probe) : nil
        )
    }

    fileprivate init(_ cluster: ClusterDefinition) {
        self.init(cluster.servers, cluster.settings)
        name = cluster.name
        zone = cluster.zone.hostName
        clusterDomain = cluster.clusterDomain.hostName
        reverse = cluster.reverse.map(\.text)
    }
}

extension ConfigurationReport.Probe {
    fileprivate init(_ probe: ProbeSettings) {
        self.init(
            interval: "\(probe.intervalMilliseconds)ms",
            idle: "\(probe.idleMilliseconds)ms",
            fall: probe.fall,
            rise: probe.rise
        )
    }
}

extension ConfigurationReport.Cache {
    fileprivate init(_ cache: CacheConfiguration) {
        self.init(
            size: cache.sizeBytes,
            minTTL: "\(cache.minTTLSeconds)s",
            maxTTL: "\(cache.maxTTLSeconds)s",
            negativeTTL: "\(cache.negativeTTLSeconds)s",
            serveStale: "\(cache.serveStaleSeconds)s",
            staleAfter: "\(cache.staleAfterMilliseconds)ms",
            prefetch: cache.prefetch
        )
    }
}

extension ServerDefinition {
    /// As the file writes it.
    fileprivate var reportText: String {
        let place: String =
            switch host {
            case .address(let address): Upstream(address: address, port: port).description
            case .name(let name): "\(name.hostName):\(port)"
            }
        return switch transport {
        case .udp: place
        case .tcp: "tcp://\(place)"
        case .tls: "tls://\(place)\(tls.map { "#\($0.name)" } ?? "")"
        }
    }
}
