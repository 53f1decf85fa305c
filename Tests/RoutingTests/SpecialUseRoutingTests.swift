import DNSWire
import Routing
import Testing

/// Names that never leave this server (RFC 6761, RFC 6762, RFC 6303).
@Suite struct SpecialUseRoutingTests {
    private let table = RoutingTable(defaultServers: [], clusters: [], patternParent: nil)

    @Test(arguments: [
        ("printer.local", "local"), ("web.shop.svc.cluster.local", "local"), ("cluster.local", "local"),
        ("web.shop.svc.clusterset.local", "local"), ("x.invalid", "invalid"), ("x.test", "test"),
        ("x.onion", "onion"), ("a.b.alt", "alt"), ("router.home.arpa", "home.arpa"),
    ]) func aSpecialUseNameIsDeniedHere(question: String, apex: String) throws {
        for type in [RecordType.a, .srv, .ds, .txt, .any] {
            #expect(try decide(table, question, type) == "nxDomain \(apex)")
        }
    }

    @Test(arguments: ["local", "invalid", "test", "onion", "alt", "home.arpa"])
    func theSpecialUseDomainItselfHasNoData(question: String) throws {
        #expect(try decide(table, question) == "noData \(question)")
    }

    @Test(arguments: ["localhost.example.org", "xlocal", "notlocal", "local.example.org", "testing", "arpa"])
    func aNameThatOnlyLooksLikeOneIsForwarded(question: String) throws {
        #expect(try decide(table, question) == "default")
    }

    @Test func localhostIsTheLoopback() throws {
        #expect(try decide(table, "localhost") == "loopback localhost")
        #expect(try decide(table, "db.localhost", .aaaa) == "loopback localhost")
    }

    @Test func resolverArpaIsAnsweredHere() throws {
        #expect(try decide(table, "_dns.resolver.arpa", RecordType(64)) == "noData resolver.arpa")
        #expect(try decide(table, "resolver.arpa") == "noData resolver.arpa")
    }

    @Test func aClusterMayServeClusterLocalItself() throws {
        let table = RoutingTable(
            defaultServers: [],
            clusters: [try cluster("here", "cluster.local")],
            patternParent: nil
        )
        #expect(try decide(table, "web.shop.svc.cluster.local") == "here")
        #expect(try decide(table, "cluster.local") == "here")
        #expect(table.routes[1].mapping == nil)
        #expect(!table.isMapped(RouteID(rawValue: 1)))
        // Its siblings stay where they were.
        #expect(try decide(table, "web.shop.svc.clusterset.local") == "nxDomain local")
        #expect(try decide(table, "xcluster.local") == "nxDomain local")
        #expect(try decide(table, "cluster.local", .ds) == "noData local")
    }

    @Test func aClusterBelowASpecialUseDomainIsACluster() throws {
        let table = RoutingTable(
            defaultServers: [],
            clusters: [try cluster("lab", "lab.test")],
            patternParent: try name("k8s.home.arpa")
        )
        #expect(try decide(table, "web.lab.test") == "lab")
        #expect(try decide(table, "web.other.test") == "nxDomain test")
        #expect(try decide(table, "web.x.k8s.home.arpa") == "nxDomain k8s.home.arpa unknown x")
    }
}
