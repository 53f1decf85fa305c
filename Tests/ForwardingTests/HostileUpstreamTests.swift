import DNSWire
import Forwarding
import Metrics
import Testing

/// What one server does must not hurt the names of others, nor the server itself for longer than it lasts.
@Suite struct HostileUpstreamTests {
    @Test func aClosedConnectionCostsOneMoreTryAndNotTheServer() throws {
        var setup = Setup()
        setup.tcpServers = ["10.2.0.10"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.west.k8s.corp A")
        scenario.breakConnection(of: try scenario.next("10.2.0.10"), .open)
        #expect(!client.isAnswered)
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: ["web.cluster.local. 30 A 10.112.0.1"]
        )
        #expect(try client.read().answer == ["web.west.k8s.corp. 30 A 10.112.0.1"])
    }

    @Test func aServerThatClosesEveryConnectionIsGivenUp() throws {
        var setup = Setup()
        setup.tcpServers = ["10.2.0.10"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.west.k8s.corp A")
        for _ in 0..<ForwardingLimits.sendsPerUpstreamMax {
            scenario.breakConnection(of: try scenario.next("10.2.0.10"), .open)
        }
        #expect(try client.read().code == .servFail)
        #expect(scenario.sent.count == ForwardingLimits.sendsPerUpstreamMax)
    }

    @Test func aConnectionThatNeverOpenedIsNotTriedAgain() throws {
        var setup = Setup()
        setup.tcpServers = ["10.2.0.10"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.west.k8s.corp A")
        scenario.breakConnection(of: try scenario.next("10.2.0.10"))
        #expect(try client.read().errors == ["23 cluster west: 10.2.0.10:53 cannot be reached"])
    }

    @Test func aChainThatIsTooLongFailsNoneOfTheNamesThatItLedTo() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("hop-12.east.k8s.corp A")
        for hop in stride(from: 12, to: 0, by: -1) {
            guard !client.isAnswered else { break }
            let owner = hop % 2 == 0 ? "east" : "west"
            let other = hop % 2 == 0 ? "west" : "east"
            try scenario.respond(
                to: try scenario.next(owner == "east" ? "10.1.0.10" : "10.2.0.10"),
                answer: ["hop-\(hop).cluster.local. 30 CNAME hop-\(hop - 1).\(other).k8s.corp."]
            )
        }
        #expect(try client.read().errors.first?.contains("CNAME chain") == true)
        scenario.skipSent()
        // A name in the middle, which is itself two links from its address.
        let innocent = try scenario.ask("hop-2.east.k8s.corp A")
        #expect(!innocent.isAnswered)
    }

    @Test func aTypeThatAServerDoesNotKnowDoesNotCostItOPT() throws {
        let scenario = try Scenario()
        try scenario.ask("x.west.k8s.corp TYPE777")
        for _ in 0..<2 {
            try scenario.respond(to: try scenario.next("10.2.0.10"), .notImp) { $0.hasOPT = false }
        }
        try scenario.ask("web.west.k8s.corp A")
        #expect(try scenario.next("10.2.0.10").message.edns != nil)
    }

    @Test func aDenialWithNameServersButWithoutSOAIsADenial() throws {
        // RFC 2308 §2.1.1, type 4.
        let scenario = try Scenario()
        let client = try scenario.ask("x.west.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            .nxDomain,
            authority: ["cluster.local. 30 NS ns.dns.cluster.local."]
        )
        #expect(try client.read().code == .nxDomain)
    }

    @Test func linksOfNamesThatTheClusterDoesNotServeAreNotFollowed() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("bank.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: [
                "bank.cluster.local. 30 CNAME www.bank.example.",
                "www.bank.example. 30 CNAME evil.example.",
                "evil.example. 30 A 192.0.2.66",
            ]
        )
        let own = try scenario.next("192.0.2.53")
        #expect(own.question == "www.bank.example A")
        try scenario.respond(to: own, answer: ["www.bank.example. 30 A 192.0.2.1"])
        #expect(
            try client.read().answer == [
                "bank.east.k8s.corp. 30 CNAME www.bank.example.",
                "www.bank.example. 30 A 192.0.2.1",
            ]
        )
    }

    @Test func aDNAMEThatDoesNotMakeTheAliasIsLeftOut() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("a.old.west.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: [
                "old.cluster.local. 30 DNAME evil.cluster.local.",
                "a.old.cluster.local. 30 CNAME a.new.cluster.local.",
                "a.new.cluster.local. 30 A 10.112.0.9",
            ]
        )
        #expect(
            try client.read().answer == [
                "a.old.west.k8s.corp. 30 CNAME a.new.west.k8s.corp.",
                "a.new.west.k8s.corp. 30 A 10.112.0.9",
            ]
        )
    }

    @Test func anAnswerFetchedWithoutOPTIsNotKeptForThoseWhoSetDO() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("www.example.org A") { $0.dnssecOK = true }
        try scenario.respond(to: try scenario.next("192.0.2.53"), .formErr) { $0.hasOPT = false }
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            answer: ["www.example.org. 30 A 192.0.2.1"]
        ) { $0.hasOPT = false }
        #expect(client.isAnswered)
        #expect(try !scenario.ask("www.example.org A") { $0.dnssecOK = true }.isAnswered)
    }
}
