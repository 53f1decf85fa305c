import DNSWire
import Forwarding
import Metrics
import Testing

/// Answers past their end, when asking anew fails or takes too long (RFC 8767).
@Suite struct StaleTests {
    private let name = "web.shop.svc.west.k8s.corp"
    private let timedOut = "cluster west: 10.2.0.10:53 timed out"

    private func answer(_ ttl: Int, _ address: String = "10.112.0.7") -> String {
        "web.shop.svc.cluster.local. \(ttl) A \(address)"
    }

    /// A worker that has had an answer which has just expired.
    private func scenario(ttl: Int = 60, _ change: (inout Setup) -> Void = { _ in }) throws -> Scenario {
        var setup = Setup()
        change(&setup)
        let scenario = try Scenario(setup)
        try scenario.exchange("\(name) A", answer: [answer(ttl)])
        scenario.pass(seconds: UInt64(ttl))
        return scenario
    }

    // MARK: The client's timer

    @Test func aClientWaitsHalfASecondForABetterAnswer() throws {
        let scenario = try scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.pass(498)
        #expect(!client.isAnswered)
        scenario.pass(10)
        let reply = try client.read()
        #expect(reply.code == .noError)
        #expect(reply.answer == ["\(name). 30 A 10.112.0.7"])
        #expect(reply.errors == ["3 \(timedOut)"])
        #expect(scenario.count(.staleAnswers) == 1)
        #expect(scenario.count(.failures) == 0)

        // The question went on without it, and what comes is stored.
        #expect(scenario.hasPending)
        scenario.skipSent()
        try scenario.respond(to: query, answer: [answer(60, "10.112.0.8")])
        #expect(!scenario.hasPending)
        #expect(try scenario.ask("\(name) A").read().answer == ["\(name). 60 A 10.112.0.8"])
        #expect(scenario.isQuiet)
    }

    @Test func anAnswerInTimeIsGivenInsteadOfAStaleOne() throws {
        let scenario = try scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.pass(490)
        try scenario.respond(to: query, answer: [answer(60, "10.112.0.8")])
        let reply = try client.read()
        #expect(reply.answer == ["\(name). 60 A 10.112.0.8"])
        #expect(reply.errors.isEmpty)
        #expect(scenario.count(.staleAnswers) == 0)
    }

    @Test func allWhoWaitGetItEachInItsOwnWay() throws {
        let scenario = try scenario()
        let first = try scenario.ask("\(name) A") { $0.id = 1 }
        scenario.pass(300)
        let second = try scenario.ask("WEB.shop.svc.west.k8s.corp A") {
            $0.id = 2
            $0.payload = nil
        }
        let third = try scenario.ask("\(name) A", isStream: true) { $0.id = 3 }
        scenario.pass(208)
        #expect(try first.read().header.id.rawValue == 1)
        #expect(try second.read().header.id.rawValue == 2)
        #expect(try second.read().answer == ["WEB.shop.svc.west.k8s.corp. 30 A 10.112.0.7"])
        #expect(try second.read().edns == nil)
        #expect(try third.read().header.id.rawValue == 3)
        #expect(try third.read().errors == ["3 \(timedOut)"])
    }

    @Test func whoComesLaterGetsItAtOnceAndNothingMoreIsAsked() throws {
        let scenario = try scenario()
        try scenario.ask("\(name) A")
        scenario.pass(510)
        let sent = scenario.sent.count
        for _ in 0..<100 {
            #expect(try scenario.ask("\(name) A").read().errors == ["3 \(timedOut)"])
        }
        #expect(scenario.sent.count == sent)
        #expect(scenario.count(.staleAnswers) == 101)
    }

    @Test func theTimeIsTheConfigurations() throws {
        let scenario = try scenario { $0.caching.staleAfterMilliseconds = 40 }
        let client = try scenario.ask("\(name) A")
        scenario.pass(38)
        #expect(!client.isAnswered)
        scenario.pass(10)
        #expect(try client.read().errors == ["3 cluster west: no answer within 40 ms"])
    }

    @Test func withoutAStaleAnswerAClientWaitsOn() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.pass(2000)
        #expect(!client.isAnswered)
        // Nor is who comes then turned away.
        let second = try scenario.ask("\(name) A")
        #expect(!second.isAnswered)
        try scenario.respond(to: query, answer: [answer(60)])
        #expect(try client.read().answer == ["\(name). 60 A 10.112.0.7"])
        #expect(try second.read().answer == ["\(name). 60 A 10.112.0.7"])
    }

    // MARK: Failures

    @Test func aFailureIsAnsweredStaleWithItsReason() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange("\(name) A", .servFail)
        #expect(reply.code == .noError)
        #expect(reply.answer == ["\(name). 30 A 10.112.0.7"])
        #expect(reply.errors == ["3 cluster west: 10.2.0.10:53 answered SERVFAIL"])
        #expect(scenario.count(.staleAnswers) == 1)
        #expect(scenario.count(.failures) == 0)
    }

    @Test func aServerThatCannotBeSentToIsAnsweredForInTheSameCall() throws {
        let scenario = try scenario()
        scenario.unreachable = ["10.2.0.10"]
        let client = try scenario.ask("\(name) A")
        #expect(try client.read().answer == ["\(name). 30 A 10.112.0.7"])
        #expect(try client.read().errors == ["3 cluster west: 10.2.0.10:53 cannot be reached"])
    }

    @Test func aDenialIsStaleWithACodeOfItsOwn() throws {
        let scenario = try Scenario()
        let soa = "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"
        try scenario.exchange("\(name) A", .nxDomain, authority: [soa])
        try scenario.exchange("\(name) AAAA", authority: [soa])
        scenario.pass(seconds: 6)
        let denial = try scenario.exchange("\(name) A", .servFail)
        #expect(denial.code == .nxDomain)
        #expect(denial.errors == ["19 cluster west: 10.2.0.10:53 answered SERVFAIL"])
        #expect(denial.authority.first?.hasPrefix("west.k8s.corp. 5 SOA") == true)
        let noData = try scenario.exchange("\(name) AAAA", .servFail)
        #expect(noData.code == .noError)
        #expect(noData.errors == ["3 cluster west: 10.2.0.10:53 answered SERVFAIL"])
    }

    @Test func whileAFailureIsRememberedItIsStaleAtOnce() throws {
        let scenario = try scenario()
        try scenario.exchange("\(name) A", .servFail)
        let text = "cluster west: 10.2.0.10:53 answered SERVFAIL"
        for _ in 0..<10 {
            #expect(try scenario.ask("\(name) A").read().errors == ["3 \(text)"])
            scenario.pass(seconds: 2)
        }
        #expect(scenario.isQuiet)
        // RFC 8767 §5: not tried again for 30 s.
        scenario.pass(9990)
        #expect(try scenario.ask("\(name) A").isAnswered)
        #expect(scenario.isQuiet)
        scenario.pass(10)
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func aFailureIsNotRememberedForTheSakeOfAnAnswerThatIsGone() throws {
        let scenario = try scenario { $0.caching.staleSeconds = 8 }
        try scenario.exchange("\(name) A", .servFail)
        scenario.pass(seconds: 7)
        #expect(try scenario.ask("\(name) A").read().code == .noError)
        scenario.pass(seconds: 2)
        #expect(try !scenario.ask("\(name) A").isAnswered)
    }

    @Test func whenAServerHasRecoveredItIsTriedAgainAtOnce() throws {
        let scenario = try scenario()
        try scenario.exchange("\(name) A", .servFail)
        scenario.snapshot.routeStates[2].recovered()
        let reply = try scenario.exchange("\(name) A", answer: [answer(60, "10.112.0.8")])
        #expect(reply.answer == ["\(name). 60 A 10.112.0.8"])
    }

    @Test func theLastGoodAnswerOutlivesManyFailures() throws {
        let scenario = try scenario()
        for _ in 0..<20 {
            let client = try scenario.ask("\(name) A")
            if !client.isAnswered { try scenario.respond(to: try scenario.next(), .servFail) }
            #expect(try client.read().answer == ["\(name). 30 A 10.112.0.7"])
            scenario.pass(seconds: 170)
        }
        #expect(scenario.count(.failures) == 0)
    }

    // MARK: Limits

    @Test func aTTLIsNeverAboveTheOriginalOne() throws {
        let scenario = try scenario(ttl: 7)
        #expect(try scenario.exchange("\(name) A", .servFail).answer == ["\(name). 7 A 10.112.0.7"])
    }

    @Test func afterAnHourAnAnswerIsNoLongerGiven() throws {
        let scenario = try scenario()
        scenario.pass(seconds: 3600)
        #expect(try scenario.exchange("\(name) A", .servFail).code == .noError)
        scenario.pass(seconds: 31)
        let reply = try scenario.exchange("\(name) A", .servFail)
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["22 cluster west: 10.2.0.10:53 answered SERVFAIL"])
    }

    @Test func turnedOffThereAreNone() throws {
        let scenario = try scenario { $0.caching.staleSeconds = 0 }
        #expect(try scenario.exchange("\(name) A", .servFail).code == .servFail)
        let again = try scenario.ask("\(name) A").read()
        #expect(again.code == .servFail)
        #expect(again.errors == ["13 cluster west: 10.2.0.10:53 answered SERVFAIL"])
        #expect(scenario.count(.staleAnswers) == 0)
    }

    @Test func withoutACacheThereAreNone() throws {
        let scenario = try Scenario(Setup(hasCache: false))
        let client = try scenario.ask("\(name) A")
        scenario.pass(4010)
        #expect(try client.read().code == .servFail)
    }

    @Test func withoutRDThereIsNone() throws {
        let scenario = try scenario()
        let refused = try scenario.ask("\(name) A") { $0.recursionDesired = false }.read()
        #expect(refused.code == .refused)
        try scenario.exchange("\(name) A", .servFail)
        let failed = try scenario.ask("\(name) A") { $0.recursionDesired = false }.read()
        #expect(failed.code == .servFail)
        #expect(failed.answer.isEmpty)
    }

    @Test func aStaleAnswerIsForItsRouteOnly() throws {
        let scenario = try scenario()
        #expect(try scenario.ask("web.shop.svc.east.k8s.corp A").isAnswered == false)
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        #expect(try scenario.ask("web.shop.svc.east.k8s.corp A").read().code == .servFail)
    }

    @Test func theReasonIsLeftOutWhereItDoesNotFit() throws {
        let scenario = try Scenario()
        let records = (1...28).map { answer(60, "10.112.0.\($0)") }
        try scenario.exchange("\(name) A", answer: records)
        scenario.pass(seconds: 60)
        let client = try scenario.ask("\(name) A") { $0.payload = 512 }
        try scenario.respond(to: try scenario.next(), .servFail)
        let reply = try client.read()
        #expect(reply.answer.count == 28)
        #expect(reply.errors == ["3 "])
        #expect(reply.octets.count <= 512)
    }

    @Test func aStaleAnswerIsCutToTheClientsSize() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", answer: (1...60).map { answer(60, "10.112.0.\($0)") })
        scenario.pass(seconds: 60)
        let client = try scenario.ask("\(name) A") { $0.payload = nil }
        try scenario.respond(to: try scenario.next(), .servFail)
        let reply = try client.read()
        #expect(reply.flags.isTruncated)
        #expect(reply.octets.count <= 512)
    }

    // MARK: What replaces an answer

    /// A caching server gives a TTL of 0 in the last second of what it has: that says nothing of the answer before.
    @Test func anAnswerThatMustNotBeKeptLeavesTheOneBeforeInPlace() throws {
        let scenario = try scenario()
        #expect(try scenario.exchange("\(name) A", answer: [answer(0)]).answer == ["\(name). 0 A 10.112.0.7"])
        let reply = try scenario.exchange("\(name) A", .servFail)
        #expect(reply.answer == ["\(name). 30 A 10.112.0.7"])
        #expect(reply.errors == ["3 cluster west: 10.2.0.10:53 answered SERVFAIL"])
    }

    @Test func anAnswerThatMustNotBeKeptIsNotGivenAgain() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", answer: [answer(0)])
        #expect(try scenario.exchange("\(name) A", .servFail).code == .servFail)
    }

    @Test func anAliasThatCameLaterEndsOtherTypesAtItsOwner() throws {
        let scenario = try scenario()
        try scenario.exchange(
            "\(name) AAAA",
            answer: [
                "web.shop.svc.cluster.local. 60 CNAME new.shop.svc.cluster.local.",
                "new.shop.svc.cluster.local. 60 AAAA 2001:db8::1",
            ]
        )
        #expect(try scenario.exchange("\(name) A", .servFail).code == .servFail)
    }

    @Test func anAliasThatWasThereBeforeDoesNot() throws {
        let scenario = try Scenario()
        let alias = "web.shop.svc.cluster.local. 60 CNAME old.shop.svc.cluster.local."
        try scenario.exchange(
            "\(name) AAAA",
            answer: [alias, "old.shop.svc.cluster.local. 60 AAAA 2001:db8::1"]
        )
        scenario.pass(seconds: 10)
        try scenario.exchange("\(name) A", answer: [answer(60)])
        scenario.pass(seconds: 60)
        #expect(try scenario.exchange("\(name) A", .servFail).answer == ["\(name). 30 A 10.112.0.7"])
    }

    @Test func whatAnotherWorkerHasStoredMeanwhileIsNotStale() throws {
        let scenario = try scenario()
        let other = Scenario(beside: scenario)
        let client = try scenario.ask("\(name) A")
        try other.exchange("\(name) A", answer: [answer(60, "10.112.0.8")])
        try scenario.respond(to: try scenario.next(), .servFail)
        let reply = try client.read()
        #expect(reply.answer == ["\(name). 60 A 10.112.0.8"])
        #expect(reply.errors.isEmpty)
        // Nor does the failure count once that answer has expired.
        scenario.pass(seconds: 61)
        try scenario.exchange("\(name) A", answer: [answer(60, "10.112.0.9")])
    }

    // MARK: Chains

    @Test func aChainWhoseTargetFailsUsesItsOwnStaleAnswer() throws {
        let scenario = try Scenario()
        let alias = "ext.shop.svc.cluster.local. 60 CNAME www.example.org."
        let question = "ext.shop.svc.west.k8s.corp A"
        let first = try scenario.ask(question)
        try scenario.respond(to: try scenario.next("10.2.0.10"), answer: [alias])
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            answer: ["www.example.org. 60 A 192.0.2.1"]
        )
        #expect(first.isAnswered)
        scenario.pass(seconds: 61)
        let second = try scenario.ask(question)
        try scenario.respond(to: try scenario.next("10.2.0.10"), answer: [alias])
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        let reply = try second.read()
        #expect(reply.answer.last == "www.example.org. 30 A 192.0.2.1")
        #expect(reply.errors.first?.hasPrefix("3 default route: ") == true)
    }

    @Test func aChainWhoseTargetIsLateUsesItsOwnStaleAnswer() throws {
        let scenario = try Scenario()
        let alias = "ext.shop.svc.cluster.local. 60 CNAME www.example.org."
        let question = "ext.shop.svc.west.k8s.corp A"
        try scenario.ask(question)
        try scenario.respond(to: try scenario.next(), answer: [alias])
        try scenario.respond(to: try scenario.next(), answer: ["www.example.org. 60 A 192.0.2.1"])
        scenario.pass(seconds: 61)
        let client = try scenario.ask(question)
        try scenario.respond(to: try scenario.next("10.2.0.10"), answer: [alias])
        let target = try scenario.next("192.0.2.53")
        scenario.pass(510)
        #expect(try client.read().answer.last == "www.example.org. 30 A 192.0.2.1")
        #expect(try client.read().errors == ["3 cluster west: no answer within 500 ms"])
        // Chain and target go on, and both are stored.
        try scenario.respond(to: target, answer: ["www.example.org. 60 A 192.0.2.2"])
        #expect(!scenario.hasPending)
        #expect(try scenario.ask(question).read().answer.last == "www.example.org. 60 A 192.0.2.2")
    }

    @Test func aChainWithoutAnAnswerOfItsOwnFails() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.shop.svc.west.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["ext.shop.svc.cluster.local. 60 CNAME www.example.org."]
        )
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        #expect(try client.read().code == .servFail)
    }

    // MARK: Too many

    @Test func aClientOverItsLimitGetsAStaleAnswerToo() throws {
        let scenario = try scenario { $0.waitingPerClient = 2 }
        for i in 0..<2 { try scenario.ask("n\(i).west.k8s.corp A") }
        let reply = try scenario.ask("\(name) A").read()
        #expect(reply.answer == ["\(name). 30 A 10.112.0.7"])
        #expect(reply.errors == ["3 too many of this client's queries are waiting"])
    }
}
