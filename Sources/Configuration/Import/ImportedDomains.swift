import DNSWire
import PresentationFormat
import Routing

/// Domains and ranges of addresses with the servers that know them, each once and in the order of the file.
struct ImportedDomains {
    struct Entry<Key> {
        var key: Key
        var line: Int
        /// What the servers call the domain; nil means the same.
        var clusterDomain: DomainName?
        var route = DraftRoute()
    }

    private(set) var domains: [Entry<DomainName>] = []
    private(set) var ranges: [Entry<IPPrefix>] = []
    private var domainIndices: [DomainName: Int] = [:]
    private var rangeIndices: [IPPrefix: Int] = [:]

    /// Adds a server of a domain, or of a range where the domain stands for one.
    mutating func add(_ server: DraftValue, for domain: DomainName) {
        if let range = ReverseDomain.prefix(of: domain) {
            add(server, for: range)
        } else {
            domains[index(of: domain, line: server.line)].route.add(server: server)
        }
    }

    /// Adds a server that knows the names of addresses in a range.
    mutating func add(_ server: DraftValue, for range: IPPrefix) {
        ranges[index(of: range, line: server.line)].route.add(server: server)
    }

    /// Adds servers of a domain, or of a range where the domain stands for one, and how they are used.
    mutating func add(_ route: DraftRoute, for domain: DomainName, line: Int) {
        if let range = ReverseDomain.prefix(of: domain) {
            ranges[index(of: range, line: line)].route.add(route)
        } else {
            domains[index(of: domain, line: line)].route.add(route)
        }
    }

    /// Adds a cluster that calls its names otherwise than clients do.
    mutating func add(_ route: DraftRoute, for zone: DomainName, mappedTo domain: DomainName, line: Int) {
        let index = index(of: zone, line: line)
        domains[index].clusterDomain = domain
        domains[index].route.add(route)
    }

    private mutating func index(of domain: DomainName, line: Int) -> Int {
        if let index = domainIndices[domain] { return index }
        domainIndices[domain] = domains.count
        domains.append(Entry(key: domain, line: line))
        return domains.count - 1
    }

    private mutating func index(of range: IPPrefix, line: Int) -> Int {
        if let index = rangeIndices[range] { return index }
        rangeIndices[range] = ranges.count
        ranges.append(Entry(key: range, line: line))
        return ranges.count - 1
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
        if let clusterDomain = entry.clusterDomain, clusterDomain != domain {
            cluster.clusterDomain = DraftValue(clusterDomain.folded.presentation, entry.line)
            return cluster
        }
        guard !entry.route.has("probe", "name") else { return cluster }
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
