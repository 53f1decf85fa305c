// The servers to forward to, those of `upstream` and those of clusters.

import PresentationFormat
import Routing

extension ConfigurationReader {
    /// What `upstream` says.
    struct DefaultRoute {
        var sources: [ServerSource] = []
        /// Those of the sources, files read.
        var servers: [ServerDefinition] = []
        var bootstrap: [Upstream] = []
        var settings: RouteSettings
    }

    /// Where the servers are listed when the file does not say.
    private static let defaultResolvConf = "/etc/resolv.conf"

    /// Reads the default route; nil when it has mistakes, which are reported.
    ///
    /// - Parameter position: where a missing `upstream` is complained about.
    func defaultRoute(_ node: YAMLNode?, missingAt position: Position) -> DefaultRoute? {
        let before = problems.count
        let fields = node.map { self.fields(of: $0, .upstream) } ?? Fields()
        var route = DefaultRoute(settings: routeSettings(fields))
        route.bootstrap = fields["bootstrap"].map(bootstrapServers) ?? []
        var sources = sources(fields, route.settings, allowsFiles: true)
        var advice = "write addresses instead"
        // Where there is a mistake already, one about a file that nobody named would confuse.
        if fields["servers"] == nil, problems.count == before {
            sources = [(.resolvConf(path: Self.defaultResolvConf), node?.position ?? position)]
            advice = "name servers in the configuration: `upstream: {servers: [ADDRESS]}`"
        }
        var servers: [ServerDefinition] = []
        for (source, position) in sources {
            switch source {
            case .server(let server): servers.append(server)
            case .resolvConf(let path): servers += nameservers(path, at: position, advice: advice)
            }
        }
        route.sources = sources.map(\.source)
        route.servers = Self.distinct(servers)
        limit(route.servers.count, at: fields["servers"]?.position ?? position)
        return problems.count == before ? route : nil
    }

    /// Reads the servers of a cluster.
    func clusterServers(_ fields: Fields, _ settings: RouteSettings) -> [ServerDefinition] {
        let servers = sources(fields, settings, allowsFiles: false).compactMap { entry in
            if case .server(let server) = entry.source { server } else { nil }
        }
        if let node = fields["servers"] { limit(servers.count, at: node.position) }
        return servers
    }

    /// The servers without repetitions, in order.
    static func distinct(_ servers: [ServerDefinition]) -> [ServerDefinition] {
        var seen: Set<ServerDefinition> = []
        return servers.filter { seen.insert($0.withoutWeight).inserted }
    }

    /// Refuses more servers than a route may have.
    func limit(_ count: Int, at position: Position) {
        let limit = ConfigurationLimits.serversPerRoute
        if count > limit { report(position, "`servers` has \(count) servers; keep \(limit) at most") }
    }

    /// Refuses host names that nobody could resolve, once.
    func checkBootstrap(_ route: DefaultRoute) {
        guard let host = hostNames.first, route.bootstrap.isEmpty,
            !route.servers.contains(where: { $0.upstream != nil })
        else { return }
        report(
            host.position,
            "no server is known that resolves \(host.name.presentation), because `upstream` has none with an"
                + " address; add `bootstrap: [ADDRESS]` to `upstream`"
        )
    }
}

// MARK: - Lists

extension ConfigurationReader {
    /// The entries of `servers` with their places.
    private func sources(
        _ fields: Fields,
        _ settings: RouteSettings,
        allowsFiles: Bool
    ) -> [(source: ServerSource, position: Position)] {
        let authorities = fields["tls"].flatMap(authorities)
        var hasTLS = false
        var places = FirstPlaces<ServerDefinition>()
        var sources: [(source: ServerSource, position: Position)] = []
        for element in fields["servers"].map({ list($0, "servers") }) ?? [] {
            if case .scalar(let path, _) = element.content, path.hasPrefix("/") {
                if allowsFiles {
                    sources.append((.resolvConf(path: path), element.position))
                } else {
                    report(
                        element.position,
                        "\(quoted(path)) is a file, which only `upstream` may name;"
                            + " write the addresses of the cluster's DNS"
                    )
                }
            } else if var server = server(element, fields, settings.policy, &places) {
                hasTLS = hasTLS || server.transport == .tls
                server.tls?.authorities = authorities
                sources.append((.server(server), element.position))
            }
        }
        if let tls = fields["tls"], let servers = fields["servers"], !hasTLS, !sources.isEmpty {
            report(
                tls.position,
                "`tls` is for servers behind tls://, and `servers` on \(servers.position.words) has none;"
                    + " remove it or write tls://ADDRESS#NAME"
            )
        }
        return sources
    }

    /// Reads one server, alone or as a mapping with its weight.
    private func server(
        _ node: YAMLNode,
        _ route: Fields,
        _ policy: RouteSettings.Policy,
        _ places: inout FirstPlaces<ServerDefinition>
    ) -> ServerDefinition? {
        var address = node
        var weight: Int?
        switch node.content {
        case .scalar: break
        case .list:
            report(node.position, "an IPv6 address in brackets needs quotes; write \"[2001:db8::10]:53\"")
            return nil
        case .mapping(let entries):
            let fields = fields(of: node, .server)
            weight = fields["weight"].flatMap { self.weight($0, route, policy) }
            guard let written = fields["address"] else {
                if !entries.contains(where: { $0.key == "address" }) {
                    report(node.position, "this server has no `address`; add it")
                }
                return nil
            }
            address = written
        }
        guard var server = value(address, "servers", ServerText.parse), check(server, at: address.position)
        else { return nil }
        if let first = places.add(server, at: address.position) {
            report(address.position, "this server is listed twice, first on \(first.words); remove one")
            return nil
        }
        server.weight = weight ?? server.weight
        return server
    }

    private func weight(_ node: YAMLNode, _ route: Fields, _ policy: RouteSettings.Policy) -> Int? {
        let weight = integer(node, "weight", in: ConfigurationLimits.weight)
        guard policy != .random else { return weight }
        // A policy that is none has its complaint already.
        if case .scalar(let text, _)? = route["policy"]?.content, text != policy.rawValue { return weight }
        report(node.position, "`weight` counts with `policy: random` only; choose it or remove `weight`")
        return nil
    }

    /// Reads servers that resolve the names of others: addresses only.
    private func bootstrapServers(_ node: YAMLNode) -> [Upstream] {
        var places = FirstPlaces<Upstream>()
        var servers: [Upstream] = []
        for element in list(node, "bootstrap") {
            guard let found = endpoint(element, "bootstrap") else { continue }
            let server = Upstream(address: found.address, port: found.port)
            guard check(ServerDefinition(server), at: found.position) else { continue }
            if let first = places.add(server, at: found.position) {
                report(found.position, "this server is listed twice, first on \(first.words); remove one")
                continue
            }
            servers.append(server)
        }
        let limit = ConfigurationLimits.serversPerRoute
        if servers.count > limit {
            report(node.position, "`bootstrap` has \(servers.count) servers; keep \(limit) at most")
        }
        return servers
    }
}

extension ServerDefinition {
    /// What makes two servers the same.
    fileprivate var withoutWeight: ServerDefinition {
        var server = self
        server.weight = 1
        return server
    }
}
