import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Popular answers are asked for anew before they expire; nobody waits for it, and nothing else is.
@Suite struct PrefetchTests {
    private let name = "web.shop.svc.west.k8s.corp"

    private func answer(_ ttl: Int, _ address: String = "10.112.0.7") -> String {
        "web.shop.svc.cluster.local. \(ttl) A \(address)"
    }

    /// A worker with an answer that was asked for `uses` times since it came.
    private func scenario(
        ttl: Int,
        uses: Int = 3,
        _ change: (inout Setup) -> Void = { _ in }
    ) throws -> Scenario {
        var setup = Setup()
        change(&setup)
        let scenario = try Scenario(setup)
        try scenario.exchange("\(name) A", answer: [answer(ttl)])
        for _ in 0..<uses { try scenario.ask("\(name) A") }
        #expect(scenario.isQuiet)
        return scenario
    }

    @Test func aPopularAnswerIsRenewedInItsLastTenth() throws {
        let scenario = try scenario(ttl: 100, uses: 2)
        scenario.pass(seconds: 89)
        #expect(try scenario.ask("\(name) A").isAnswered)
        #expect(scenario.isQuiet)
        scenario.pass(seconds: 2)
        let client = try scenario.ask("\(name) A")
        #expect(try client.read().answer == ["\(name). 9 A 10.112.0.7"])
        let query = try scenario.next("10.2.0.10")
        #expect(query.question == "web.shop.svc.cluster.local A")
        #expect(scenario.count(.prefetches) == 1)
        #expect(scenario.count(.cacheMisses) == 1)

        try scenario.respond(to: query, answer: [answer(100, "10.112.0.8")])
        #expect(!scenario.hasPending)
        #expect(try scenario.ask("\(name) A").read().answer == ["\(name). 100 A 10.112.0.8"])
        #expect(scenario.isQuiet)
        // And so on.
        scenario.pass(seconds: 95)
        try scenario.ask("\(name) A")
        #expect(scenario.count(.prefetches) == 2)
    }

    @Test func oneIsInFlightHoweverManyAsk() throws {
        let scenario = try scenario(ttl: 100)
        scenario.pass(seconds: 95)
        for _ in 0..<100 { #expect(try scenario.ask("\(name) A").isAnswered) }
        #expect(scenario.count(.prefetches) == 1)
        #expect(scenario.sent.count == 2)
    }

    @Test func anAnswerThatFewAskForIsLeftToExpire() throws {
        let scenario = try scenario(ttl: 100, uses: 1)
        scenario.pass(seconds: 95)
        #expect(try scenario.ask("\(name) A").isAnswered)
        #expect(scenario.isQuiet)
    }

    @Test func nothingIsRenewedThatNobodyAsksFor() throws {
        let scenario = try scenario(ttl: 100)
        scenario.pass(99_990)
        #expect(scenario.isQuiet)
        #expect(!scenario.hasPending)
    }

    @Test func aShortAnswerIsRenewedInItsLastSecond() throws {
        let scenario = try scenario(ttl: 5, uses: 2)
        scenario.pass(3990)
        try scenario.ask("\(name) A")
        #expect(scenario.isQuiet)
        scenario.pass(10)
        try scenario.ask("\(name) A")
        #expect(scenario.count(.prefetches) == 1)
    }

    @Test func aVeryShortOneOnlyWhenItIsAskedForOften() throws {
        let rare = try scenario(ttl: 2, uses: 2)
        rare.pass(1900)
        try rare.ask("\(name) A")
        #expect(rare.isQuiet)
        let often = try scenario(ttl: 2, uses: 3)
        often.pass(1490)
        try often.ask("\(name) A")
        #expect(often.isQuiet)
        often.pass(10)
        try often.ask("\(name) A")
        #expect(often.count(.prefetches) == 1)
    }

    @Test func turnedOffNothingIsRenewed() throws {
        let scenario = try scenario(ttl: 100) { $0.caching.prefetch = false }
        scenario.pass(seconds: 95)
        try scenario.ask("\(name) A")
        #expect(scenario.isQuiet)
    }

    @Test func aQueryWithoutRDLeadsToNoQuestion() throws {
        let scenario = try scenario(ttl: 100)
        scenario.pass(seconds: 95)
        #expect(try scenario.ask("\(name) A") { $0.recursionDesired = false }.isAnswered)
        #expect(scenario.isQuiet)
    }

    @Test func oneWorkerRenewsForAll() throws {
        let scenario = try scenario(ttl: 100)
        scenario.pass(seconds: 95)
        let other = Scenario(beside: scenario)
        try scenario.ask("\(name) A")
        #expect(try other.ask("\(name) A").isAnswered)
        #expect(other.isQuiet)
        try scenario.respond(to: try scenario.next(), answer: [answer(100, "10.112.0.8")])
        #expect(try other.ask("\(name) A").read().answer == ["\(name). 100 A 10.112.0.8"])
        // The next time it may be the other one, however soon that is.
        other.pass(seconds: 95)
        try other.ask("\(name) A")
        #expect(other.count(.prefetches) == 1)
    }

    // MARK: Failures

    @Test func aRenewalThatFailsTakesNothingAway() throws {
        let scenario = try scenario(ttl: 600)
        scenario.pass(seconds: 541)
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next(), .servFail)
        let reply = try scenario.ask("\(name) A").read()
        #expect(reply.code == .noError)
        #expect(reply.answer == ["\(name). 59 A 10.112.0.7"])
        #expect(reply.errors.isEmpty)
        // Not tried again until the time of the failure is over.
        for _ in 0..<29 {
            scenario.pass(seconds: 1)
            #expect(try scenario.ask("\(name) A").isAnswered)
        }
        #expect(scenario.count(.prefetches) == 1)
        scenario.pass(seconds: 6)
        try scenario.ask("\(name) A")
        #expect(scenario.count(.prefetches) == 2)
    }

    @Test func aRenewalThatTimesOutIsTriedAgainAfterASecond() throws {
        let scenario = try scenario(ttl: 600)
        scenario.pass(seconds: 541)
        // 4 s of waiting, and 1 s of memory.
        for _ in 0..<48 {
            #expect(try scenario.ask("\(name) A").read().code == .noError)
            scenario.pass(100)
        }
        #expect(scenario.count(.prefetches) == 1)
        for _ in 0..<10 {
            #expect(try scenario.ask("\(name) A").read().code == .noError)
            scenario.pass(100)
        }
        #expect(scenario.count(.prefetches) == 2)
    }

    @Test func nothingIsRenewedWhileAllServersAreDown() throws {
        let scenario = try scenario(ttl: 100)
        scenario.pass(seconds: 91)
        for i in 0..<3 {
            try scenario.ask("other\(i).west.k8s.corp A")
            scenario.pass(600)
        }
        #expect(try scenario.ask("\(name) A").isAnswered)
        #expect(scenario.count(.prefetches) == 0)
    }

    @Test func aRenewalPushesNoQuestionOutOfAFullRoute() throws {
        let scenario = try scenario(ttl: 100) { $0.settings.limits.pendingQueries = 2 }
        scenario.pass(seconds: 95)
        let clients = try (0..<2).map { try scenario.ask("n\($0).west.k8s.corp A") }
        scenario.pass(500)
        #expect(try scenario.ask("\(name) A").isAnswered)
        #expect(scenario.count(.prefetches) == 0)
        #expect(clients.allSatisfy { !$0.isAnswered })
    }

    @Test func whoAsksAfterTheEndJoinsTheRenewal() throws {
        let scenario = try scenario(ttl: 5)
        scenario.pass(4990)
        try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.pass(20)
        let client = try scenario.ask("\(name) A")
        #expect(!client.isAnswered)
        #expect(scenario.isQuiet)
        try scenario.respond(to: query, answer: [answer(5, "10.112.0.8")])
        #expect(try client.read().answer == ["\(name). 5 A 10.112.0.8"])
    }

    @Test func aRenewalIsAskedAsTheClientAsked() throws {
        let scenario = try Scenario()
        let ask = { (change: (inout ClientQuestion) -> Void) in
            try scenario.ask("www.example.org A") {
                $0.dnssecOK = true
                change(&$0)
            }
        }
        _ = try ask { _ in }
        try scenario.respond(to: try scenario.next(), answer: ["www.example.org. 100 A 192.0.2.1"])
        for _ in 0..<3 { _ = try ask { _ in } }
        scenario.pass(seconds: 95)
        _ = try ask { $0.text = "WWW.example.org A" }
        let query = try scenario.next()
        #expect(query.message.edns?.dnssecOK == true)
        #expect(query.question.lowercased() == "www.example.org a")
    }
}
