import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Failures are remembered for a while, apart from answers (RFC 9520).
@Suite struct FailureCacheTests {
    private let name = "web.shop.svc.west.k8s.corp"

    @Test func aFailureIsAnsweredAgainForFiveSeconds() throws {
        let scenario = try Scenario()
        let first = try scenario.exchange("\(name) A", .servFail)
        #expect(first.code == .servFail)
        #expect(first.errors == ["22 cluster west: 10.2.0.10:53 answered SERVFAIL"])
        scenario.pass(4990)
        let again = try scenario.ask("\(name) A").read()
        #expect(again.code == .servFail)
        #expect(again.errors == ["13 cluster west: 10.2.0.10:53 answered SERVFAIL"])
        #expect(again.question == "\(name) A")
        #expect(scenario.count(.cachedFailures) == 1)
        #expect(scenario.isQuiet)
        scenario.pass(10)
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func aRememberedFailureIsForItsQuestionOnly() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", .servFail)
        for question in ["\(name) AAAA", "x.\(name) A", "web.shop.svc.east.k8s.corp A"] {
            try scenario.ask(question)
            _ = try scenario.next()
        }
    }

    @Test func aFailureDoesNotTakeAnAnswersPlace() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", answer: ["web.shop.svc.cluster.local. 30 A 10.112.0.7"])
        let signed = try scenario.exchange("\(name) AAAA", .servFail)
        #expect(signed.code == .servFail)
        #expect(try scenario.ask("\(name) A").read().answer.count == 1)
    }

    @Test func aLateFailureDoesNotHideTheAnswerThatCameMeanwhile() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.pass(4000)
        #expect(try client.read().code == .servFail)
        scenario.pass(5000)
        scenario.skipSent()
        try scenario.exchange("\(name) A", answer: ["web.shop.svc.cluster.local. 30 A 10.112.0.7"])
        scenario.deliver(try ServerResponse(code: .servFail).write(for: query), to: query)
        #expect(try scenario.ask("\(name) A").read().answer.count == 1)
        #expect(scenario.isQuiet)
    }

    @Test func aTimeoutIsRememberedForASecond() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        // The server loses one name and answers all others.
        for i in 0..<200 {
            try scenario.ask("n\(i).west.k8s.corp A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                if query.question != "web.shop.svc.cluster.local A" { try scenario.respond(to: query) }
            }
            scenario.pass(20)
        }
        #expect(try client.read().errors == ["23 cluster west: 10.2.0.10:53 timed out"])
        let sends = scenario.sent.count
        let again = try scenario.ask("\(name) A").read()
        #expect(again.errors == ["13 cluster west: 10.2.0.10:53 timed out"])
        #expect(scenario.sent.count == sends)
        scenario.pass(seconds: 1)
        #expect(try !scenario.ask("\(name) A").isAnswered)
    }

    @Test func theFailureOfACheckedAnswerIsNotUsedForCD() throws {
        let scenario = try Scenario()
        try scenario.ask("broken.example.org A")
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        #expect(try scenario.ask("broken.example.org A").isAnswered)
        let client = try scenario.ask("broken.example.org A") { $0.checkingDisabled = true }
        #expect(!client.isAnswered)
        try scenario.respond(to: try scenario.next(), answer: ["broken.example.org. 30 A 192.0.2.1"])
        #expect(try client.read().answer.count == 1)
    }

    @Test func withoutOPTAFailureIsTheRCODEAlone() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A") { $0.payload = nil }
        try scenario.respond(to: try scenario.next(), .servFail)
        #expect(try client.read().code == .servFail)
        #expect(try client.read().edns == nil)
        #expect(try scenario.ask("\(name) A") { $0.payload = nil }.read().edns == nil)
    }

    @Test func withoutRDARememberedFailureIsTold() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", .servFail)
        let reply = try scenario.ask("\(name) A") { $0.recursionDesired = false }.read()
        #expect(reply.code == .servFail)
    }

    @Test func anAnswerInTheCacheBeatsAFailure() throws {
        // Two questions at once: one fails by its deadline, the other's late answer is still good.
        let scenario = try Scenario()
        let first = try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.pass(2000)
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.112.0.7"])
        #expect(try first.read().code == .noError)
        #expect(try scenario.ask("\(name) A").read().answer.count == 1)
    }

    @Test func anOverlongQuestionIsNotRemembered() throws {
        var setup = Setup()
        setup.clusters = [
            Setup.Cluster("up", ["10.1.0.10"], zone: "up.corp", domain: "a-long-domain.cluster.local")
        ]
        let scenario = try Scenario(setup)
        let label = String(repeating: "a", count: 60)
        let name = "\(label).\(label).\(label).\(label).up.corp A"
        for _ in 0..<3 { #expect(try scenario.ask(name).read().code == .yxDomain) }
        #expect(scenario.count(.cachedFailures) == 0)
    }

    // MARK: For how long

    /// A scenario whose servers never count as down, so that questions are asked whatever failed before.
    private func scenarioWithoutOutages() throws -> Scenario {
        var setup = Setup()
        setup.settings.probe.fall = 1000
        return try Scenario(setup)
    }

    @Test func aQuestionThatFailsAgainAndAgainIsTriedLessAndLess() throws {
        let scenario = try Scenario()
        for seconds: UInt64 in [5, 10, 20, 40, 80, 160, 300, 300] {
            try scenario.exchange("\(name) A", .servFail)
            scenario.pass(seconds * 1000 - 10)
            #expect(try scenario.ask("\(name) A").isAnswered, "\(seconds)")
            scenario.pass(10)
        }
        // A good answer ends it.
        try scenario.exchange("\(name) A", answer: ["web.shop.svc.cluster.local. 1 A 10.112.0.7"])
        scenario.pass(seconds: 3602)
        try scenario.exchange("\(name) A", .servFail)
        scenario.pass(seconds: 5)
        try scenario.exchange("\(name) A", .servFail)
    }

    @Test func anAnswerThatIsNotKeptEndsItToo() throws {
        let scenario = try Scenario()
        for seconds: UInt64 in [5, 10] {
            try scenario.exchange("\(name) A", .servFail)
            scenario.pass(seconds: seconds)
        }
        try scenario.exchange("\(name) A", answer: ["web.shop.svc.cluster.local. 0 A 10.112.0.7"])
        try scenario.exchange("\(name) A", .servFail)
        scenario.pass(seconds: 5)
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func aFailureOfLongAgoDoesNotCount() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", .servFail)
        scenario.pass(seconds: 5 + 301)
        try scenario.exchange("\(name) A", .servFail)
        scenario.pass(seconds: 5)
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func timeoutsInARowAreNeverRememberedForLonger() throws {
        let scenario = try scenarioWithoutOutages()
        for _ in 0..<4 {
            scenario.skipSent()
            try scenario.ask("\(name) A")
            #expect(!scenario.isQuiet)
            scenario.pass(4010)
            scenario.pass(980)
            #expect(try scenario.ask("\(name) A").isAnswered)
            scenario.pass(20)
        }
    }

    @Test func aFailureIsForgottenWhenAServerHasRecovered() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", .servFail)
        // Another cluster's recovery says nothing.
        scenario.snapshot.routeStates[1].recovered()
        #expect(try scenario.ask("\(name) A").isAnswered)
        scenario.snapshot.routeStates[2].recovered()
        try scenario.exchange("\(name) A", .servFail)
        #expect(try scenario.ask("\(name) A").isAnswered)
    }

    @Test func aFailureThatBeganBeforeARecoveryIsNotRemembered() throws {
        let scenario = try scenarioWithoutOutages()
        let client = try scenario.ask("\(name) A")
        scenario.pass(3000)
        scenario.snapshot.routeStates[2].recovered()
        scenario.pass(1010)
        #expect(try client.read().code == .servFail)
        #expect(try !scenario.ask("\(name) A").isAnswered)
    }

    @Test func theTargetOfAChainIsNotAskedAgainWhileItsFailureIsRemembered() throws {
        let scenario = try Scenario()
        try scenario.ask("www.example.org A")
        for _ in 0..<2 { try scenario.respond(to: try scenario.next(), .servFail) }
        let client = try scenario.ask("ext.west.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: ["ext.cluster.local. 30 CNAME www.example.org."]
        )
        #expect(try client.read().code == .servFail)
        #expect(try client.read().errors.first?.hasPrefix("13 default route: ") == true)
        #expect(scenario.isQuiet)
    }
}
