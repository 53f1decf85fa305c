import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// What is said would become of a question is what becomes of it.
@Suite struct ExplainTests {
    private let web = "web.shop.svc.east.k8s.corp"

    private func line(_ start: String, _ explanation: Explanation) -> String? {
        explanation.lines.first { $0.hasPrefix(start) }
    }

    // MARK: Routes

    @Test func namesTheZoneAndTheMappedNameAndTheServersInOrder() throws {
        let explanation = try Scenario().explain("WEB.shop.svc.east.k8s.corp")
        #expect(
            explanation.lines == [
                "question: web.shop.svc.east.k8s.corp A",
                "route: cluster east, the longest zone of the name is east.k8s.corp",
                "asked as: web.shop.svc.cluster.local A",
                "policy: ordered",
                "server 1: 10.1.0.10:53 over UDP: up, not measured yet",
                "server 2: 10.1.0.11:53 over UDP: up, not measured yet",
                "cache: nothing",
                "then: 10.1.0.10:53 over UDP is asked",
            ]
        )
        #expect(explanation.cluster == "east")
    }

    @Test(arguments: [
        ("www.example.org", "default route, no cluster has the name"),
        ("5.0.96.10.in-addr.arpa", "cluster east, the addresses of the reverse name are in its ranges"),
        ("web.esat.k8s.corp", "answered here, no cluster has the name below k8s.corp"),
        ("k8s.corp", "answered here, no cluster has the name below k8s.corp"),
        ("printer.local", "answered here, local is a name of special use"),
        ("localhost", "answered here, localhost is a name of special use"),
        ("1.0.0.127.in-addr.arpa", "answered here, 127.in-addr.arpa is a name of special use"),
    ])
    func saysWhyARouteIsTaken(name: String, route: String) throws {
        #expect(line("route", try Scenario().explain(name)) == "route: \(route)")
    }

    @Test func theParentHasTheDSOfAZone() throws {
        let explanation = try Scenario().explain("east.k8s.corp", .ds)
        #expect(
            line("route", explanation) == "route: answered here, DS of east.k8s.corp belongs to the parent"
        )
    }

    @Test func tellsWhichClustersAreKnownInTheWordsOfTheReply() throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("web.esat.k8s.corp A").read()
        let text = try #require(reply.errors.first?.dropFirst(2))
        #expect(try scenario.explain("web.esat.k8s.corp").action == "NXDOMAIN: \(text)")
    }

    @Test func typesThatAreNoDataAreNotForwarded() throws {
        let scenario = try Scenario()
        #expect(try scenario.explain(web, .axfr).action == "REFUSED: zone transfers are not served here")
        #expect(try scenario.explain(web, .tsig).action == "NOTIMP: this query type cannot be forwarded")
    }

    @Test func aNameTooLongOnceMappedGetsYXDOMAIN() throws {
        var setup = Setup()
        let label = String(repeating: "d", count: 60)
        setup.clusters[0].domain = "\(label).\(label).\(label).local"
        let name = String(repeating: "n", count: 60)
        let explanation = try Scenario(setup).explain("\(name).\(name).east.k8s.corp")
        #expect(explanation.upstreamName == nil)
        #expect(explanation.action.hasPrefix("YXDOMAIN: cluster east: a name is over 255 octets"))
    }

    // MARK: The cache

    @Test func tellsWhatIsCachedAndCountsNoUse() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(web) A", answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        scenario.pass(seconds: 12)
        for _ in 0..<5 {
            let explanation = try scenario.explain(web)
            #expect(line("cache", explanation) == "cache: 1 record, stored 12 s ago, 18 s left")
            #expect(explanation.action == "answered from the cache, nobody is asked")
        }
        try scenario.ask("\(web) A")
        let after = try scenario.explain(web)
        #expect(
            line("cache", after) == "cache: 1 record, stored 12 s ago, 18 s left, asked for 1 times since"
        )
        #expect(scenario.isQuiet)
    }

    @Test func tellsADenialFromAnAnswer() throws {
        let scenario = try Scenario()
        let soa = "cluster.local. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30"
        try scenario.exchange("\(web) A", .nxDomain, authority: [soa])
        let explanation = try scenario.explain(web)
        #expect(explanation.cached.map(\.kind) == [.negative])
        #expect(line("cache", explanation) == "cache: NXDOMAIN, stored 0 s ago, 5 s left")
    }

    @Test func answersWithDNSSECRecordsAreTheirOwn() throws {
        let scenario = try Scenario()
        try scenario.ask("www.example.org A") { $0.dnssecOK = true }
        try scenario.respond(to: try scenario.next(), answer: ["www.example.org. 60 A 192.0.2.1"])
        let explanation = try scenario.explain("www.example.org")
        #expect(line("cache", explanation) == "cache: 1 record, stored 0 s ago, 60 s left, with DO")
        #expect(explanation.action == "192.0.2.53:53 over UDP is asked")
    }

    @Test func tellsThatAStaleAnswerIsAtHand() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(web) A", answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        scenario.pass(seconds: 40)
        let explanation = try scenario.explain(web)
        #expect(
            line("cache", explanation) == "cache: 1 record, stored 40 s ago, expired, stale for 3590 s more"
        )
        #expect(
            explanation.action
                == "10.1.0.10:53 over UDP is asked; without an answer within 500 ms: the stale one"
        )
        scenario.pass(seconds: 3600)
        #expect(try scenario.explain(web).cached.isEmpty)
    }

    @Test func aFailureIsToldInTheWordsOfTheReply() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(web) A")
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        let text = try #require(try client.read().errors.first?.split(separator: " ", maxSplits: 1).last)
        let explanation = try scenario.explain(web)
        #expect(explanation.cached.map(\.failure) == [String(text)])
        #expect(explanation.action == "SERVFAIL with error 13: \(text)")
        #expect(try scenario.ask("\(web) A").read().errors == ["13 \(text)"])
        scenario.pass(seconds: 6)
        #expect(try scenario.explain(web).cached.isEmpty)
    }

    // MARK: Servers

    @Test func aServerThatIsDownComesLastAndSaysWhy() throws {
        let scenario = try Scenario()
        for i in 0..<6 {
            try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.pass(700, answering: ["10.1.0.11"])
        }
        let explanation = try scenario.explain("new.east.k8s.corp")
        #expect(explanation.servers.map { $0.upstream.address.description } == ["10.1.0.11", "10.1.0.10"])
        #expect(explanation.servers[0].health?.state == .up)
        #expect(explanation.servers[1].health?.state == .down)
        #expect(explanation.servers[1].text.contains(": down for "))
        #expect(explanation.servers[1].text.hasSuffix(": timed out"))
        #expect(explanation.action == "10.1.0.11:53 over UDP is asked")
    }

    @Test func anOutageIsToldInTheWordsOfTheReply() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        try scenario.silence("east.k8s.corp")
        let action = try scenario.explain("new.east.k8s.corp").action
        let reply = try scenario.ask("new.east.k8s.corp A").read()
        let text = try #require(reply.errors.first?.split(separator: " ", maxSplits: 1).last)
        #expect(action == "SERVFAIL with error 22: \(text)")
    }

    @Test func theFastestServerIsFirst() throws {
        var setup = Setup()
        setup.settings.policy = .fastest
        let scenario = try Scenario(setup)
        try scenario.ask("a.east.k8s.corp A")
        let first = try scenario.next("10.1.0.10")
        scenario.pass(40)
        try scenario.respond(to: first, answer: ["a.cluster.local. 30 A 10.96.0.7"])
        #expect(
            try scenario.explain("b.east.k8s.corp").lines.contains(
                "server 1: 10.1.0.10:53 over UDP: up, 40.0 ms"
            )
        )
    }

    @Test func aServerWithoutAddressIsNamed() throws {
        var setup = Setup()
        setup.clusters[0].servers = ["dns.east.example"]
        let explanation = try Scenario(setup).explain(web)
        #expect(line("server", explanation) == "server: dns.east.example is not resolved yet")
        #expect(explanation.action.contains("the name of its server dns.east.example is not resolved yet"))
    }

    @Test func nothingIsSaidOfServersWhereNothingRuns() throws {
        var directory = RoutingDirectory()
        let snapshot = try Setup().snapshot(&directory)
        let explanation = Explainer(snapshot, cache: nil, failures: nil, now: 0)
            .explain(try #require(DomainName(web)), .a)
        #expect(line("server 1", explanation) == "server 1: 10.1.0.10:53 over UDP: nothing is running")
        #expect(explanation.action == "10.1.0.10:53 over UDP is asked")
    }

    @Test func nothingIsSentAndNothingChanges() throws {
        let scenario = try Scenario()
        for name in [web, "www.example.org", "printer.local"] { _ = try scenario.explain(name) }
        #expect(scenario.sent.isEmpty)
        #expect(!scenario.hasPending)
    }
}
