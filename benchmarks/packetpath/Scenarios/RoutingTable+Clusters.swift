import DNSWire
import Routing

extension RoutingTable {
    /// A table of clusters below one domain, one server each, and a default server; route 1 is the first cluster.
    static func withClusters(_ names: [String]) throws(ScenarioError) -> RoutingTable {
        let clusterDomain = try domainName(Harness.domain)
        var clusters: [ClusterDefinition] = []
        clusters.reserveCapacity(names.count)
        for (index, name) in names.enumerated() {
            clusters.append(
                ClusterDefinition(
                    name: name,
                    zone: try domainName("\(name).\(Harness.parent)"),
                    clusterDomain: clusterDomain,
                    servers: [
                        ServerDefinition(Upstream(address: IPAddress(ipv4: 0x0A01_0000 + UInt32(index))))
                    ]
                )
            )
        }
        return RoutingTable(
            defaultServers: [ServerDefinition(Upstream(address: IPAddress(ipv4: 0xC000_0235)))],
            clusters: clusters,
            patternParent: try domainName(Harness.parent)
        )
    }

    private static func domainName(_ text: String) throws(ScenarioError) -> DomainName {
        guard let name = DomainName(text) else { throw ScenarioError("\(text) is no name") }
        return name
    }
}
