import DNSWire
import Routing
import Testing

/// Which route a name takes by its suffix.
@Suite struct SuffixRoutingTests {
    private let table: RoutingTable

    init() throws {
        table = RoutingTable(
            defaultServers: [ServerDefinition(Upstream(address: try address("192.0.2.53")))],
            clusters: [
                try cluster("east", "east.k8s.corp"),
                try cluster("west", "west.k8s.corp"),
                try cluster("eu", "east.eu.k8s.corp"),
                try cluster("lab", "lab.east.k8s.corp"),
                try cluster("far", "k8s.example.org", domain: "far.local"),
            ],
            patternParent: try name("k8s.corp")
        )
    }

    @Test(arguments: [
        ("east.k8s.corp", "east"), ("svc.east.k8s.corp", "east"), ("web.shop.svc.east.k8s.corp", "east"),
        ("_http._tcp.web.shop.svc.west.k8s.corp", "west"), ("k8s.example.org", "far"),
    ]) func aNameAtOrBelowAClustersZoneGoesToTheCluster(question: String, route: String) throws {
        #expect(try decide(table, question) == route)
    }

    @Test func theLongestSuffixWins() throws {
        #expect(try decide(table, "web.lab.east.k8s.corp") == "lab")
        #expect(try decide(table, "lab.east.k8s.corp") == "lab")
        #expect(try decide(table, "web.east.k8s.corp") == "east")
    }

    @Test(arguments: [
        ("northeast.k8s.corp", "northeast"), ("web.shop.svc.northeast.k8s.corp", "northeast"),
        ("xeast.k8s.corp", "xeast"), ("eastx.k8s.corp", "eastx"),
    ]) func aSuffixMatchesOnLabelBoundariesOnly(question: String, label: String) throws {
        #expect(try decide(table, question) == "nxDomain k8s.corp unknown \(label)")
    }

    @Test func dotsInsideALabelAreNoBoundary() throws {
        let odd = try #require(
            DomainName(labels: [Array("x.east".utf8), Array("k8s".utf8), Array("corp".utf8)])
        )
        #expect(try decide(table, odd) == "nxDomain k8s.corp unknown x.east")
        let flat = try #require(DomainName(labels: [Array("east.k8s.corp".utf8)]))
        #expect(try decide(table, flat) == "default")
    }

    @Test(arguments: ["example.org", "k8s.corp.example.org", "corp", "xk8s.corp", "east.k8s.corp.org", "org"])
    func aNameOutsideGoesToTheDefaultRoute(question: String) throws {
        #expect(try decide(table, question) == "default")
    }

    @Test func theRootGoesToTheDefaultRoute() throws {
        #expect(try decide(table, DomainName(), .ns) == "default")
    }

    @Test(arguments: ["esat.k8s.corp", "web.shop.svc.esat.k8s.corp", "*.k8s.corp", "_tcp.k8s.corp"])
    func anUnknownClusterIsDeniedHereAndNeverForwarded(question: String) throws {
        for type in [RecordType.a, .aaaa, .srv, .ds, .any, RecordType(65_280)] {
            #expect(try decide(table, question, type).hasPrefix("nxDomain k8s.corp unknown "))
        }
    }

    @Test func thePatternsParentExistsAndHasNoAddresses() throws {
        #expect(try decide(table, "k8s.corp") == "noData k8s.corp")
        #expect(try decide(table, "k8s.corp", .soa) == "noData k8s.corp")
    }

    @Test func aClusterNameOfTwoLabelsLeavesAnEmptyNonTerminal() throws {
        #expect(try decide(table, "web.shop.svc.east.eu.k8s.corp") == "eu")
        #expect(try decide(table, "east.eu.k8s.corp") == "eu")
        #expect(try decide(table, "eu.k8s.corp") == "noData k8s.corp")
        #expect(try decide(table, "west.eu.k8s.corp") == "nxDomain k8s.corp unknown west")
        #expect(try decide(table, "web.shop.svc.eu.k8s.corp") == "nxDomain k8s.corp unknown svc")
    }

    @Test func dsAtAnApexBelongsToTheParent() throws {
        #expect(try decide(table, "east.k8s.corp", .ds) == "noData k8s.corp")
        #expect(try decide(table, "lab.east.k8s.corp", .ds) == "east")
        #expect(try decide(table, "k8s.example.org", .ds) == "default")
        #expect(try decide(table, "k8s.corp", .ds) == "default")
        #expect(try decide(table, "east.eu.k8s.corp", .ds) == "noData k8s.corp")
    }

    @Test func dsBelowAnApexStaysInTheCluster() throws {
        #expect(try decide(table, "svc.east.k8s.corp", .ds) == "east")
    }

    @Test func withoutAPatternUnknownNamesGoToTheDefaultRoute() throws {
        let table = RoutingTable(
            defaultServers: [],
            clusters: [try cluster("east", "east.k8s.corp")],
            patternParent: nil
        )
        #expect(try decide(table, "esat.k8s.corp") == "default")
        #expect(try decide(table, "k8s.corp") == "default")
    }

    @Test func aZoneOfOneLabelIsAZone() throws {
        let table = RoutingTable(
            defaultServers: [],
            clusters: [try cluster("east", "east")],
            patternParent: DomainName()
        )
        #expect(try decide(table, "web.east") == "east")
        #expect(try decide(table, "web.west") == "nxDomain . unknown west")
        #expect(try decide(table, DomainName(), .ns) == "noData .")
    }

    @Test func everyRouteHasACacheTagOfItsOwn() throws {
        #expect(Set(table.routes.map(\.cacheTag)).count == table.routes.count)
    }

    @Test func whatDidNotChangeKeepsItsTagAndItsNumberInTheNextTable() throws {
        var directory = RoutingDirectory()
        let clusters = try ["east", "west", "north"].map { try cluster($0, "\($0).k8s.corp") }
        let first = RoutingTable(
            defaultServers: [],
            clusters: clusters,
            patternParent: nil,
            directory: &directory
        )
        var moved = clusters[2]
        moved.servers = [ServerDefinition(.address(try address("10.9.9.9")))]
        let next = RoutingTable(
            defaultServers: [],
            clusters: [moved, clusters[0]],
            patternParent: nil,
            directory: &directory
        )
        #expect(next.routes[0].cacheTag == first.routes[0].cacheTag)
        #expect(next.routes[2].cacheTag == first.routes[1].cacheTag)
        #expect(!first.routes.map(\.cacheTag).contains(next.routes[1].cacheTag))
        #expect(next.routes[2].upstreams == first.routes[1].upstreams)
        #expect(next.routes[1].upstreams != first.routes[3].upstreams)
    }

    @Test func aServerOfTwoRoutesIsOneUpstream() throws {
        #expect(table.upstreams.count == 2)
        #expect(table.routes[1].upstreams == table.routes[2].upstreams)
    }

    @Test func knownClustersAreListedUpToEight() throws {
        #expect(table.knownClusters == "east, west, eu, lab, far")
        let many = RoutingTable(
            defaultServers: [],
            clusters: try (1...10).map { try cluster("c\($0)", "c\($0).k8s.corp") },
            patternParent: nil
        )
        #expect(many.knownClusters == "c1, c2, c3, c4, c5, c6, c7, c8 and 2 more")
    }
}
