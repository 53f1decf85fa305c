import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Which of several servers is asked, and when a second one is.
@Suite struct PolicyTests {
    private let servers = ["10.1.0.1", "10.1.0.2", "10.1.0.3"]

    private func scenario(
        _ policy: RouteSettings.Policy,
        _ change: (inout Setup) -> Void = { _ in }
    ) throws -> Scenario {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("east", servers)]
        setup.settings.policy = policy
        change(&setup)
        return try Scenario(setup)
    }

    /// Asks so many questions that servers answer after some milliseconds, and counts who was asked first.
    private func firstAsked(
        _ scenario: Scenario,
        _ questions: Int,
        _ name: String = "n",
        after milliseconds: [String: UInt64] = [:]
    ) throws -> [String: Int] {
        var asked: [String: Int] = [:]
        for i in 0..<questions {
            try scenario.ask("\(name)\(i).east.k8s.corp A")
            let query = try scenario.next()
            asked[query.server, default: 0] += 1
            scenario.pass(milliseconds[query.server] ?? 2)
            try scenario.respond(to: query)
            scenario.skipSent()
        }
        return asked
    }

    // MARK: ordered

    @Test func orderedAsksTheFirst() throws {
        #expect(try firstAsked(try scenario(.ordered), 50) == ["10.1.0.1": 50])
    }

    @Test func orderedAsksTheFirstThatIsUp() throws {
        let scenario = try scenario(.ordered)
        for i in 0..<2 {
            try scenario.ask("down\(i).east.k8s.corp A")
            scenario.breakConnection(of: try scenario.next("10.1.0.1"))
            try scenario.respond(to: try scenario.next("10.1.0.2"))
        }
        #expect(try firstAsked(scenario, 20) == ["10.1.0.2": 20])
    }

    @Test(arguments: RouteSettings.Policy.allCases)
    func aSecondTryGoesToAnotherServer(policy: RouteSettings.Policy) throws {
        let scenario = try scenario(policy)
        for i in 0..<20 {
            try scenario.ask("n\(i).east.k8s.corp A")
            let first = try scenario.next()
            try scenario.respond(to: first, .servFail)
            let second = try scenario.next()
            #expect(second.server != first.server)
            try scenario.respond(to: second)
        }
    }

    // MARK: random

    @Test func randomAsksAllByWeight() throws {
        let scenario = try scenario(.random) { $0.weights = ["10.1.0.1": 1, "10.1.0.2": 3, "10.1.0.3": 6] }
        let asked = try firstAsked(scenario, 2000)
        #expect((150...250).contains(asked["10.1.0.1"] ?? 0))
        #expect((500...700).contains(asked["10.1.0.2"] ?? 0))
        #expect((1100...1300).contains(asked["10.1.0.3"] ?? 0))
    }

    @Test func randomLeavesOutWhatIsDown() throws {
        let scenario = try scenario(.random) { $0.settings.probe.fall = 1 }
        try scenario.ask("down.east.k8s.corp A")
        let query = try scenario.next()
        scenario.breakConnection(of: query)
        try scenario.respond(to: try scenario.next())
        let asked = try firstAsked(scenario, 300)
        #expect(asked[query.server] == nil)
        #expect(asked.count == 2)
    }

    // MARK: fastest

    @Test func fastestFindsTheFastestAndKeepsLookingAtOthers() throws {
        let scenario = try scenario(.fastest)
        let times: [String: UInt64] = ["10.1.0.1": 20, "10.1.0.2": 4, "10.1.0.3": 10]
        _ = try firstAsked(scenario, 400, "early", after: times)
        let asked = try firstAsked(scenario, 1280, "late", after: times)
        #expect(asked["10.1.0.2"] == 1260)
        #expect(asked["10.1.0.1"] == 10)
        #expect(asked["10.1.0.3"] == 10)
    }

    @Test func fastestLooksAtThoseFirstThatWereNeverMeasured() throws {
        let scenario = try scenario(.fastest)
        let asked = try firstAsked(scenario, 128, after: ["10.1.0.1": 6, "10.1.0.2": 8, "10.1.0.3": 8])
        #expect(asked == ["10.1.0.1": 126, "10.1.0.2": 1, "10.1.0.3": 1])
    }

    @Test func fastestFindsAServerThatHasBecomeFast() throws {
        let scenario = try scenario(.fastest)
        _ = try firstAsked(scenario, 400, "a", after: ["10.1.0.1": 4, "10.1.0.2": 20, "10.1.0.3": 40])
        // The fastest is slow now, and another is faster than it ever was.
        let times: [String: UInt64] = ["10.1.0.1": 30, "10.1.0.2": 20, "10.1.0.3": 2]
        _ = try firstAsked(scenario, 4000, "b", after: times)
        let asked = try firstAsked(scenario, 640, "c", after: times)
        #expect(asked["10.1.0.3"] == 630)
    }

    @Test func aServerThatIsBackIsAskedAsFastAsItWas() throws {
        let scenario = try scenario(.fastest) { $0.hasTicks = true }
        let times: [String: UInt64] = ["10.1.0.1": 4, "10.1.0.2": 8, "10.1.0.3": 8]
        _ = try firstAsked(scenario, 200, "a", after: times)
        scenario.pass(700)
        for i in 0..<20 where scenario.count(.serversDown) == 0 {
            try scenario.ask("down\(i).east.k8s.corp A")
            scenario.breakConnection(of: try scenario.next())
            try scenario.answer(Set(servers))
        }
        #expect(scenario.count(.serversDown) == 1)
        try scenario.pass(2500, answering: Set(servers))
        #expect(scenario.count(.serversUp) == 1)
        let asked = try firstAsked(scenario, 64, "b", after: times)
        #expect((asked["10.1.0.1"] ?? 0) >= 62)
    }

    // MARK: Many servers

    @Test(arguments: RouteSettings.Policy.allCases)
    func sixtyFourServersAreAllUsed(policy: RouteSettings.Policy) throws {
        let scenario = try scenario(policy) {
            $0.clusters = [Setup.Cluster("east", (1...64).map { "10.1.0.\($0)" })]
            $0.settings.limits.retryPercent = 1000
        }
        // Each goes down as it is asked, until none is left.
        for i in 0..<1000 where scenario.count(.outages) == 0 {
            try scenario.ask("n\(i).east.k8s.corp A")
            while !scenario.isQuiet { scenario.breakConnection(of: try scenario.next()) }
        }
        #expect(scenario.count(.outages) == 1)
        #expect(Set(scenario.sent.map(\.server)).count == 64)
    }

    // MARK: Hedging

    private func hedging(_ percent: Int = 100) throws -> Scenario {
        let scenario = try scenario(.ordered) {
            $0.settings.hedgeMilliseconds = 30
            $0.settings.limits.retryPercent = percent
        }
        return scenario
    }

    @Test func aSecondServerIsAskedBeforeTheFirstIsLate() throws {
        let scenario = try hedging()
        let client = try scenario.ask("web.east.k8s.corp A")
        let first = try scenario.next("10.1.0.1")
        scenario.pass(28)
        #expect(scenario.isQuiet)
        scenario.pass(12)
        let second = try scenario.next("10.1.0.2")
        try scenario.respond(to: second, answer: ["web.cluster.local. 30 A 10.96.0.1"])
        #expect(try client.read().answer.count == 1)
        #expect(scenario.count(.hedges) == 1)
        // It is no failure of the first.
        #expect(scenario.count(.upstreamTimeouts) == 0)
        try scenario.respond(to: first)
        #expect(client.replies.count == 1)
        scenario.pass(1000)
        #expect(scenario.isQuiet)
    }

    @Test func theFirstMayStillWin() throws {
        let scenario = try hedging()
        let client = try scenario.ask("web.east.k8s.corp A")
        let first = try scenario.next("10.1.0.1")
        scenario.pass(40)
        try scenario.respond(to: first, answer: ["web.cluster.local. 30 A 10.96.0.1"])
        #expect(try client.read().answer.count == 1)
    }

    @Test func aBadAnswerOfOneIsNoEndOfTheOther() throws {
        let scenario = try hedging()
        let client = try scenario.ask("web.east.k8s.corp A")
        let first = try scenario.next("10.1.0.1")
        scenario.pass(40)
        try scenario.respond(to: try scenario.next("10.1.0.2"), .servFail)
        #expect(!client.isAnswered && scenario.isQuiet)
        try scenario.respond(to: first, answer: ["web.cluster.local. 30 A 10.96.0.1"])
        #expect(try client.read().answer.count == 1)
    }

    @Test func anAnswerInTimeNeedsNoSecondServer() throws {
        let scenario = try hedging()
        for i in 0..<20 {
            try scenario.ask("n\(i).east.k8s.corp A")
            scenario.pass(20)
            try scenario.respond(to: try scenario.next("10.1.0.1"))
        }
        #expect(scenario.isQuiet)
    }

    @Test func thereIsNoHedgeWithoutASecondServer() throws {
        let scenario = try scenario(.ordered) {
            $0.clusters = [Setup.Cluster("east", ["10.1.0.1"])]
            $0.settings.hedgeMilliseconds = 30
        }
        try scenario.ask("web.east.k8s.corp A")
        scenario.pass(200)
        #expect(scenario.sent.count == 1)
    }

    @Test(arguments: [(0, 0...0), (1, 10...11)] as [(Int, ClosedRange<UInt64>)])
    func hedgesAreWithinTheRetryBudget(percent: Int, expected: ClosedRange<UInt64>) throws {
        let scenario = try hedging(percent)
        for i in 0..<100 {
            try scenario.ask("n\(i).east.k8s.corp A")
            let query = try scenario.next("10.1.0.1")
            scenario.pass(40)
            try scenario.respond(to: query)
            scenario.skipSent()
        }
        #expect(expected.contains(UInt64(scenario.count(.hedges))))
    }
}
