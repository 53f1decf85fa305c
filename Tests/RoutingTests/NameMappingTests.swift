import DNSWire
import Routing
import Testing

/// The bijection between a cluster's zone and its own domain (RFC 6672 §2.2).
@Suite struct NameMappingTests {
    private let zone: DomainName
    private let clusterDomain: DomainName
    private let east: NameMapping

    init() throws {
        zone = try name("east.k8s.corp")
        clusterDomain = try name("cluster.local")
        east = NameMapping(zone: zone, clusterDomain: clusterDomain)
    }

    @Test(arguments: [
        ("web.shop.svc.east.k8s.corp", "web.shop.svc.cluster.local"), ("east.k8s.corp", "cluster.local"),
        ("_http._tcp.web.EAST.K8s.Corp", "_http._tcp.web.cluster.local"),
        ("*.east.k8s.corp", "*.cluster.local"),
    ]) func mapsUpAndDown(client: String, upstream: String) throws {
        let client = try name(client)
        let upstream = try name(upstream)
        #expect(east.upstreamName(client) == upstream)
        #expect(east.clientName(upstream) == client)
    }

    @Test(arguments: [
        "northeast.k8s.corp", "k8s.corp", "example.org", "east.k8s.corp.example.org", "xcluster.local",
        "local",
        "cluster.local.example.org",
    ]) func namesOutsideStayAsTheyAre(text: String) throws {
        let outside = try name(text)
        #expect(east.upstreamName(outside).map { octets($0) } == octets(outside))
        #expect(east.clientName(outside).map { octets($0) } == octets(outside))
    }

    @Test func theRootStaysTheRoot() {
        #expect(east.clientName(DomainName()) == DomainName())
        #expect(east.upstreamName(DomainName()) == DomainName())
    }

    @Test func theCaseOfLabelsInFrontSurvives() throws {
        let mapped = try #require(east.clientName(try name("WeB.Shop.svc.CLUSTER.local")))
        #expect(octets(mapped) == octets(try name("WeB.Shop.svc.east.k8s.corp")))
    }

    @Test func aDotInsideALabelIsNoBoundary() throws {
        let odd = try #require(DomainName(labels: [Array("x.cluster".utf8), Array("local".utf8)]))
        #expect(east.clientName(odd) == odd)
    }

    @Test func aNameMayGrowTo255OctetsAndNoFurther() throws {
        let zone = try name("cluster-with-a-long-name.k8s.corp")
        let domain = try name("c.local")
        let long = NameMapping(zone: zone, clusterDomain: domain)
        let growth = zone.length - domain.length
        let fits = try padded(domain, to: 255 - growth)
        #expect(long.clientName(fits)?.length == 255)
        #expect(long.clientName(try padded(domain, to: 256 - growth)) == nil)
        #expect(long.clientName(try padded(domain, to: 255)) == nil)
    }

    @Test func aNameMayGrowUpwardTo255OctetsAndNoFurther() throws {
        let zone = try name("e.corp")
        let short = NameMapping(zone: zone, clusterDomain: clusterDomain)
        let growth = clusterDomain.length - zone.length
        #expect(short.upstreamName(try padded(zone, to: 255 - growth))?.length == 255)
        #expect(short.upstreamName(try padded(zone, to: 256 - growth)) == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func mappingThereAndBackIsTheIdentity(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var inside = clusterDomain
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let label = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                inside = try #require(inside.prepending(label))
            }
            let client = try #require(east.clientName(inside))
            #expect(client.isAtOrBelow(zone))
            #expect(east.upstreamName(client).map { octets($0) } == octets(inside))
        }
    }

    @Test func equalNamesAreTheIdentity() throws {
        #expect(
            NameMapping(zone: try name("Cluster.local"), clusterDomain: try name("cluster.LOCAL")).isIdentity
        )
        #expect(!east.isIdentity)
    }

    private func octets(_ name: DomainName) -> [UInt8] { name.bytes.toArray() }

    /// The name with labels in front until it has `length` octets.
    private func padded(_ name: DomainName, to length: Int) throws -> DomainName {
        var name = name
        while name.length < length {
            // One octet cannot be filled: a label takes at least two.
            var size = min(63, length - name.length - 1)
            if length - name.length - size - 1 == 1 { size -= 1 }
            name = try #require(name.prepending(Array(repeating: UInt8(ascii: "a"), count: size)))
        }
        return name
    }
}
