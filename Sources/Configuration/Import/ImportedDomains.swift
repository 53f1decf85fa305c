import DNSWire
import PresentationFormat
import Routing

/// Domains and ranges of addresses with the servers that know them, each once and in the order of the file.
struct ImportedDomains {
    struct Entry<Key> {
        var key: Key
        var line: Int
        var route = DraftRoute()
    }

    private(set) var domains: [Entry<DomainName>] = []
    private(set) var ranges: [Entry<IPPrefix>] = []
    private var domainIndices: [DomainName: Int] = [:]
    private var rangeIndices: [IPPrefix: Int] = [:]

    /// Adds a server of a domain, or of a range where the domain stands for one.
    mutating func add(_ server: DraftValue, for domain: DomainName) {
        if let prefix = ReverseDomain.prefix(of: domain) {
            add(server, for: prefix)
            return
        }
        let index = domainIndices[domain] ?? domains.count
        if index == domains.count {
            domainIndices[domain] = index
            domains.append(Entry(key: domain, line: server.line))
        }
        domains[index].route.add(server: server)
    }

    /// Adds a server that knows the names of addresses in a range.
    mutating func add(_ server: DraftValue, for range: IPPrefix) {
        let index = rangeIndices[range] ?? ranges.count
        if index == ranges.count {
            rangeIndices[range] = index
            ranges.append(Entry(key: range, line: server.line))
        }
        ranges[index].route.add(server: server)
    }

    /// Whether a domain lies at or below one of these.
    func contain(_ domain: DomainName) -> Bool {
        var ancestor: DomainName? = domain
        while let name = ancestor, !name.isRoot {
            if domainIndices[name] != nil { return true }
            ancestor = name.parent
        }
        return false
    }

    /// A cluster for each domain, which serves it under its own name, with the ranges that have the same servers.
    ///
    /// Ranges whose servers have no domain get a cluster of their own.
    func clusters() -> [DraftCluster] {
        var namer = ClusterNamer()
        var clusters: [DraftCluster] = []
        var owners: [Set<String>: Int] = [:]
        for entry in domains {
            let servers = Set(entry.route.servers.map(\.text))
            owners[servers] = owners[servers] ?? clusters.count
            let domain = KubernetesZone.clusterDomain(of: entry.key)
            clusters.append(Self.cluster(namer.name(for: domain), entry.key, entry))
        }
        for entry in ranges {
            let servers = Set(entry.route.servers.map(\.text))
            let value = DraftValue(entry.key.text, entry.line)
            if let owner = owners[servers] {
                clusters[owner].reverse.append(value)
            } else if let domain = ReverseDomain.domain(of: entry.key) {
                owners[servers] = clusters.count
                clusters.append(Self.cluster(namer.name(for: entry.key), domain, entry))
                clusters[clusters.count - 1].reverse.append(value)
            }
        }
        return clusters
    }

    private static func cluster<Key>(
        _ name: String,
        _ domain: DomainName,
        _ entry: Entry<Key>
    ) -> DraftCluster {
        let zone = DraftValue(domain.folded.presentation, entry.line)
        var cluster = DraftCluster(name: name, zone: zone, clusterDomain: zone, route: entry.route)
        let kubernetes = KubernetesZone.clusterDomain(of: domain)
        if KubernetesZone.isLikely(domain), kubernetes == domain { return cluster }
        // The default asks for a name that only clusters have.
        let isCluster = kubernetes != domain
        let probe = isCluster ? "kubernetes.default.svc.\(kubernetes.presentation)" : zone.text
        cluster.route.set("probe", "name", DraftValue(probe, entry.line))
        cluster.route.set("probe", "type", DraftValue(isCluster ? "A" : "SOA", entry.line))
        return cluster
    }
}
