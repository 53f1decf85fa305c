import AnswerCache
import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// A cluster that is drained is asked nothing, and its clients get the best there is without it.
@Suite struct DrainTests {
    private let web = "web.shop.svc.east.k8s.corp"
    private let answer = "web.shop.svc.cluster.local. 30 A 10.96.0.7"

    @Test func clientsAreToldAtOnceThatTheClusterIsDrained() throws {
        let scenario = try Scenario()
        try scenario.state(of: "east").setDrained(true)
        let reply = try scenario.ask("\(web) A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["22 cluster east is drained"])
        #expect(scenario.sent.isEmpty)
        #expect(!scenario.hasPending)
        let explanation = try scenario.explain(web)
        #expect(explanation.action == "SERVFAIL with error 22: cluster east is drained")
        #expect(explanation.isDrained)
    }

    @Test func otherClustersAreAskedAsBefore() throws {
        let scenario = try Scenario()
        try scenario.state(of: "east").setDrained(true)
        try scenario.exchange("web.west.k8s.corp A", answer: ["web.cluster.local. 30 A 10.112.0.7"])
        try scenario.exchange("www.example.org A", answer: ["www.example.org. 30 A 192.0.2.1"])
    }

    @Test func cachedAnswersGoOnAndThenStaleOnes() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(web) A", answer: [answer])
        try scenario.state(of: "east").setDrained(true)
        #expect(try scenario.ask("\(web) A").read().answer == ["\(web). 30 A 10.96.0.7"])
        scenario.pass(seconds: 31)
        let stale = try scenario.ask("\(web) A").read()
        #expect(stale.code == .noError)
        #expect(stale.answer == ["\(web). 30 A 10.96.0.7"])
        #expect(stale.errors == ["3 cluster east is drained"])
        #expect(try scenario.explain(web).action == "the stale answer is given: cluster east is drained")
        #expect(scenario.isQuiet)
    }

    @Test func aRestoredClusterIsAskedAtOnce() throws {
        let scenario = try Scenario()
        let state = try scenario.state(of: "east")
        state.setDrained(true)
        try scenario.ask("\(web) A")
        state.setDrained(false)
        try scenario.exchange("\(web) A", answer: [answer])
    }

    @Test func whatIsInFlightIsFinished() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(web) A")
        try scenario.state(of: "east").setDrained(true)
        try scenario.respond(to: try scenario.next(), answer: [answer])
        #expect(try client.read().code == .noError)
    }

    @Test func aPopularAnswerIsNotRenewed() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(web) A", answer: [answer])
        for _ in 0..<5 { try scenario.ask("\(web) A") }
        try scenario.state(of: "east").setDrained(true)
        scenario.pass(seconds: 29)
        for _ in 0..<5 { #expect(try scenario.ask("\(web) A").read().code == .noError) }
        #expect(scenario.isQuiet)
        #expect(!scenario.hasPending)
    }

    @Test func aChainIntoADrainedClusterFails() throws {
        let scenario = try Scenario()
        try scenario.state(of: "west").setDrained(true)
        let client = try scenario.ask("alias.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["alias.cluster.local. 30 CNAME web.shop.svc.west.k8s.corp."]
        )
        #expect(try client.read().errors == ["22 cluster west is drained"])
    }

    @Test func aClusterStaysDrainedWhenItsServersChange() throws {
        var setup = Setup()
        let scenario = try Scenario(setup)
        try scenario.state(of: "east").setDrained(true)
        setup.clusters[0].servers = ["10.1.0.99"]
        try scenario.replace(with: setup)
        #expect(try scenario.ask("\(web) A").read().errors == ["22 cluster east is drained"])
        #expect(try !scenario.state(of: "west").isDrained)
        try scenario.replace(with: setup)
        #expect(try scenario.state(of: "east").isDrained)
    }

    // MARK: Flush

    @Test func anAnswerThatWasInFlightDuringAFlushIsGivenAndNotStored() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(web) A")
        let query = try scenario.next()
        #expect(scenario.flush(FlushSelection()) == 0)
        try scenario.respond(to: query, answer: [answer])
        #expect(try client.read().code == .noError)
        #expect(try scenario.explain(web).cached.isEmpty)
        try scenario.exchange("\(web) A", answer: [answer])
        #expect(try scenario.explain(web).cached.count == 1)
    }

    @Test func aFlushEndsARememberedFailure() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(web) A")
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        #expect(try client.read().code == .servFail)
        #expect(scenario.flush(FlushSelection(name: DomainName(web))) == 1)
        try scenario.exchange("\(web) A", answer: [answer])
    }
}
