// The clusters and the pattern of their zones.

import DNSWire
import PresentationFormat
import Routing

extension ConfigurationReader {
    /// Reads `{cluster}.k8s.corp`.
    func zonePattern(_ node: YAMLNode?) -> Pattern {
        guard let node else { return .absent }
        if case .mapping = node.content {
            report(
                node.position,
                "the pattern needs quotes, as it begins with a brace; write \"{cluster}.…\""
            )
            return .invalid
        }
        let parent = value(node, "zonePattern") { (text) throws(InvalidValue) in
            guard text.hasPrefix("{cluster}."), !text.dropFirst().contains("{") else {
                throw InvalidValue(
                    "`zonePattern` must be `{cluster}` and then a domain,"
                        + " as in \"{cluster}.k8s.example.org\", not \(quoted(text))"
                )
            }
            let parent = try Self.name(String(text.dropFirst("{cluster}.".count)))
            guard !parent.isRoot else {
                throw InvalidValue(
                    "`zonePattern` needs a domain after `{cluster}.`: \"{cluster}.k8s.example.org\""
                )
            }
            return parent
        }
        return parent.map(Pattern.parent) ?? .invalid
    }

    /// Reads all clusters, those of included files too, and checks each against the others.
    func clusters(_ node: YAMLNode?, including include: YAMLNode?) -> [ClusterDefinition] {
        let own = node.map { list($0, "clusters", allowsEmpty: true) } ?? []
        let elements = own + (include.map(includedClusters) ?? [])
        guard elements.count <= ConfigurationLimits.clusters else {
            let position = elements[ConfigurationLimits.clusters].position
            report(position, "there are more than \(ConfigurationLimits.clusters) clusters; remove some")
            return []
        }
        var checks = ClusterChecks(clusters: elements.count, files: fileNames)
        var clusters: [ClusterDefinition] = []
        clusters.reserveCapacity(elements.count)
        for element in elements {
            if let cluster = cluster(element, &checks) { clusters.append(cluster) }
        }
        for host in hostNames { checks.add(hostName: host.name, at: host.position, pattern: pattern) }
        for problem in checks.problems { report(problem.position, problem.message) }
        return clusters
    }

    private func cluster(_ node: YAMLNode, _ checks: inout ClusterChecks) -> ClusterDefinition? {
        let fields = fields(of: node, .cluster)
        guard case .mapping(let entries) = node.content else { return nil }
        for key in ["name", "servers"] where !entries.contains(where: { $0.key == key }) {
            report(node.position, "this cluster has no `\(key)`; add it")
        }
        let name = fields["name"].flatMap(clusterName)
        let zone = zone(
            fields["zone"],
            name,
            fields["name"],
            isWritten: entries.contains { $0.key == "zone" }
        )
        let domainNode = fields["clusterDomain"]
        let domain = domainNode == nil ? Self.defaultClusterDomain : domainNode.flatMap(clusterDomain)
        let settings = routeSettings(fields)
        let servers = clusterServers(fields, settings)
        let reverse = fields["reverse"].map {
            prefixes($0, "reverse", allowsAddress: false, allowsEmpty: true)
        }
        if let name, let place = fields["name"] { checks.add(name: name, at: place.position) }
        if let zone { checks.add(zone: zone.name, at: zone.position, pattern: pattern) }
        if let zone, let domain {
            checks.add(zone: zone.name, clusterDomain: domain, at: domainNode?.position ?? zone.position)
        }
        if let zone, let domain { checkProbe(fields["probe"], settings.probe, zone.name, domain) }
        for range in reverse ?? [] { checks.add(reverse: range.prefix, at: range.position) }
        guard let name, let zone, let domain else { return nil }
        return ClusterDefinition(
            name: name,
            zone: zone.name,
            clusterDomain: domain,
            servers: servers,
            reverse: (reverse ?? []).map(\.prefix),
            settings: settings
        )
    }

    private static let defaultClusterDomain = DomainName("cluster.local")

    /// Reads a cluster's name: one label or two, in lower case (RFC 1123 §2.1, KEP-2149).
    private func clusterName(_ node: YAMLNode) -> String? {
        value(node, "name") { (text) throws(InvalidValue) in
            let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard labels.allSatisfy({ HostNameText.isLabel($0) }),
                ConfigurationLimits.clusterName.contains(text.utf8.count)
            else {
                let lower = text.lowercased()
                let isCaseOnly =
                    lower != text
                    && lower.utf8.split(separator: UInt8(ascii: ".")).allSatisfy {
                        HostNameText.isLabel($0)
                    }
                throw InvalidValue(
                    isCaseOnly
                        ? "cluster names are in lower case; write `\(lower)`"
                        : "\(quoted(text)) is no cluster name; use letters a-z, digits and inner hyphens,"
                            + " 63 at most"
                )
            }
            guard labels.count <= 2 else {
                throw InvalidValue(
                    "\(quoted(text)) has more than two labels; a cluster's name has one or two"
                )
            }
            guard text != "default" else {
                throw InvalidValue("`default` stands for the default route; choose another name")
            }
            return text
        }
    }

    /// The zone as written, or made of the pattern and the name.
    private func zone(
        _ node: YAMLNode?,
        _ name: String?,
        _ nameNode: YAMLNode?,
        isWritten: Bool
    ) -> (name: DomainName, position: Position)? {
        if let node {
            return value(node, "zone", Self.name).map { ($0, node.position) }
        }
        // A zone without a value, or a bad name, has its complaint already.
        guard !isWritten, let name, let nameNode else { return nil }
        switch pattern {
        case .invalid: return nil
        case .absent:
            report(nameNode.position, "cluster `\(name)` has no `zone`; add one, or a `zonePattern` for all")
            return nil
        case .parent(let parent):
            var zone: DomainName? = parent
            for label in name.split(separator: ".").reversed() { zone = zone?.prepending(Array(label.utf8)) }
            if zone == nil {
                report(
                    nameNode.position,
                    "`zonePattern` makes a zone over 255 octets of this name; shorten it"
                )
            }
            return zone.map { ($0, nameNode.position) }
        }
    }

    private func clusterDomain(_ node: YAMLNode) -> DomainName? {
        guard let domain = value(node, "clusterDomain", Self.name) else { return nil }
        guard !domain.isRoot else {
            report(
                node.position,
                "`clusterDomain` cannot be the root; write what the cluster serves: cluster.local"
            )
            return nil
        }
        return domain
    }

    /// A domain name with escapes.
    static func name(_ text: String) throws(InvalidValue) -> DomainName {
        do throws(PresentationError) {
            return try DomainName(presentation: text)
        } catch {
            throw InvalidValue(error.message)
        }
    }
}
