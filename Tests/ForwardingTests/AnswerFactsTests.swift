import DNSWire
import Forwarding
import QueryEvents
import Testing

/// What is said of each reply, for the log of queries.
@Suite struct AnswerFactsTests {
    private let question = "web.shop.svc.west.k8s.corp A"
    private let records = ["web.shop.svc.cluster.local. 60 A 10.112.0.7"]

    @Test func anAnswerIsAMissThenAHitOfTheSameRoute() throws {
        let scenario = try Scenario()
        try scenario.exchange(question, answer: records)
        let miss = try #require(scenario.answered.last)
        #expect(miss.source == .miss && miss.upstream != nil && miss.routeTag != 0)
        try scenario.ask(question)
        #expect(scenario.facts.source == .hit)
        #expect(scenario.facts.routeTag == miss.routeTag)
        #expect(scenario.facts.upstream == nil)
    }

    @Test func whatIsAnsweredHereHasNoRoute() throws {
        let scenario = try Scenario()
        try scenario.ask("localhost A")
        #expect(scenario.facts.source == .local && scenario.facts.routeTag == 0)
        try scenario.ask("nothing.unknown.k8s.corp A")
        #expect(scenario.facts.source == .local && scenario.facts.routeTag == 0)
    }

    @Test func aHitBeforeLeavesNothingBehind() throws {
        let scenario = try Scenario()
        try scenario.exchange(question, answer: records)
        try scenario.ask(question)
        try scenario.ask("localhost A")
        #expect(scenario.facts.source == .local)
    }

    @Test func anAnswerPastItsEndIsStale() throws {
        let scenario = try Scenario()
        try scenario.exchange(question, answer: records)
        scenario.pass(seconds: 60)
        try scenario.ask(question)
        scenario.pass(600)
        #expect(scenario.answered.last?.source == .stale)
    }

    @Test func aFailureSaysWhomWasAskedLast() throws {
        let scenario = try Scenario()
        try scenario.ask(question)
        scenario.pass(seconds: 5)
        let failure = try #require(scenario.answered.last)
        #expect(failure.source == .failed && failure.upstream != nil)
        try scenario.ask(question)
        #expect(scenario.facts.source == .failed, "it is remembered")
    }
}
