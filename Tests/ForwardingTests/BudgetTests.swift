import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// What one route may take: questions in flight and further sends.
@Suite struct BudgetTests {
    private func scenario(_ change: (inout RouteSettings) -> Void) throws -> Scenario {
        var setup = Setup()
        change(&setup.settings)
        return try Scenario(setup)
    }

    // MARK: Further sends

    /// Takes as many further sends as a route may have at once.
    private func spendBudget(_ scenario: Scenario) throws {
        for i in 0..<ForwardingLimits.retryBurstMin {
            // A good answer between two bad ones, so that the server is not in doubt.
            try scenario.exchange("good\(i).east.k8s.corp A")
            try scenario.ask("bad\(i).east.k8s.corp A")
            try scenario.respond(to: try scenario.next("10.1.0.10"), .servFail)
            try scenario.respond(to: try scenario.next("10.1.0.11"))
        }
    }

    @Test func furtherSendsAreAShareOfTheFirst() throws {
        let scenario = try scenario { $0.limits.retryPercent = 20 }
        // Every other question would be sent twice.
        for i in 0..<2000 {
            try scenario.ask("n\(i).east.k8s.corp A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                let isBad = query.server == "10.1.0.10" && !i.isMultiple(of: 2)
                try scenario.respond(to: query, isBad ? .servFail : .noError)
            }
        }
        let further = scenario.sent.filter { $0.server == "10.1.0.11" }.count
        // The burst, and 20 for each hundred.
        #expect(further >= 599 && further <= 600)
        #expect(scenario.count(.retries) == further)
        #expect(scenario.count(.retriesDenied) == 1000 - further)
    }

    @Test func overTheBudgetTheClientHearsWhatTheFirstServerSaid() throws {
        let scenario = try scenario { $0.limits.retryPercent = 1 }
        try spendBudget(scenario)
        let client = try scenario.ask("one-more.east.k8s.corp A")
        try scenario.respond(to: try scenario.next(), .servFail)
        #expect(scenario.isQuiet)
        #expect(try client.read().code == .servFail)
        #expect(!scenario.hasPending)
    }

    @Test func overTheBudgetASilentServerIsWaitedFor() throws {
        let scenario = try scenario { $0.limits.retryPercent = 1 }
        try spendBudget(scenario)
        let client = try scenario.ask("late.east.k8s.corp A")
        let query = try scenario.next()
        scenario.pass(3000)
        #expect(scenario.isQuiet && !client.isAnswered)
        try scenario.respond(to: query, answer: ["late.cluster.local. 30 A 10.96.0.1"])
        #expect(try client.read().answer.count == 1)
    }

    @Test func aWaitingQuestionIsAskedAgainWhenTheBudgetAllows() throws {
        let scenario = try scenario { $0.limits.retryPercent = 10 }
        // 100 at once are lost: the burst does not reach for more.
        let lost = try (0..<150).map { try scenario.ask("lost\($0).east.k8s.corp A") }
        scenario.pass(320)
        try scenario.answer(["10.1.0.11"])
        #expect(lost.filter(\.isAnswered).count == 100)
        for i in 0..<600 {
            try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.answer(["10.1.0.10"])
        }
        for _ in 0..<10 {
            scenario.pass(100)
            try scenario.answer(["10.1.0.11", "10.1.0.10"])
        }
        #expect(lost.allSatisfy { $0.isAnswered })
    }

    @Test func otherRoutesHaveTheirOwnBudget() throws {
        let scenario = try scenario { $0.limits.retryPercent = 1 }
        for i in 0..<50 {
            try scenario.ask("n\(i).east.k8s.corp A")
            while !scenario.isQuiet { try scenario.respond(to: try scenario.next(), .servFail) }
        }
        #expect(scenario.count(.retriesDenied) == 40)
        try scenario.ask("www.example.org A")
        try scenario.respond(to: try scenario.next("192.0.2.53"), .servFail)
        _ = try scenario.next("192.0.2.54")
    }

    @Test func noneMeansNone() throws {
        let scenario = try scenario { $0.limits.retryPercent = 0 }
        for i in 0..<20 {
            let client = try scenario.ask("bad\(i).east.k8s.corp A")
            try scenario.respond(to: try scenario.next(), .servFail)
            #expect(try client.read().code == .servFail)
            let late = try scenario.ask("late\(i).west.k8s.corp A")
            let query = try scenario.next()
            scenario.pass(800)
            try scenario.respond(to: query)
            #expect(late.isAnswered)
        }
        #expect(scenario.isQuiet)
        #expect(scenario.count(.retries) == 0)
    }

    @Test func truncationAndMissingEDNSAreNotFurtherSends() throws {
        let scenario = try scenario { $0.limits.retryPercent = 0 }
        for i in 0..<50 {
            try scenario.ask("n\(i).west.k8s.corp A")
            try scenario.respond(to: try scenario.next()) { $0.isTruncated = true }
            let again = try scenario.next()
            #expect(again.transport == .tcp)
            try scenario.respond(to: again)
        }
        #expect(scenario.count(.retries) == 0)
    }

    // MARK: Questions in flight

    @Test func theOldestQuestionMakesRoomForANewOne() throws {
        let scenario = try scenario { $0.limits.pendingQueries = 3 }
        let old = try (0..<3).map { i in
            let client = try scenario.ask("n\(i).west.k8s.corp A")
            scenario.pass(50)
            return client
        }
        let new = try scenario.ask("new.west.k8s.corp A")
        #expect(!new.isAnswered)
        #expect(old.map(\.isAnswered) == [true, false, false])
        let reply = try old[0].read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 cluster west is over its budget"])
        #expect(scenario.count(.overloads) == 1)
        // It is not remembered: asked again, it pushes out the next.
        #expect(try !scenario.ask("n0.west.k8s.corp A").isAnswered)
        #expect(old.map(\.isAnswered) == [true, true, false])
    }

    @Test func aYoungQuestionIsNotPushedOut() throws {
        let scenario = try scenario { $0.limits.pendingQueries = 3 }
        let clients = try (0..<3).map { try scenario.ask("n\($0).west.k8s.corp A") }
        scenario.pass(98)
        let new = try scenario.ask("new.west.k8s.corp A")
        #expect(try new.read().errors == ["0 cluster west is over its budget"])
        #expect(clients.allSatisfy { !$0.isAnswered })
    }

    @Test func aChainDoesNotPushOutItself() throws {
        let scenario = try scenario { $0.limits.pendingQueries = 1 }
        let client = try scenario.ask("alias.example.org A")
        scenario.pass(200)
        try scenario.respond(
            to: try scenario.next(),
            answer: ["alias.example.org. 30 CNAME web.west.k8s.corp."]
        )
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: ["web.cluster.local. 30 CNAME www.example.org."]
        )
        #expect(try client.read().code == .servFail)
        #expect(!scenario.hasPending)
    }

    @Test func theBudgetIsForAllWorkersTogether() throws {
        var setup = Setup()
        setup.settings.limits.pendingQueries = 10
        let first = try Scenario(setup)
        let second = try Scenario(setup, beside: first)
        for i in 0..<5 {
            try first.ask("n\(i).west.k8s.corp A")
            try second.ask("n\(i).west.k8s.corp A")
        }
        #expect(try second.ask("more.west.k8s.corp A").isAnswered)
        #expect(try first.ask("more.west.k8s.corp A").isAnswered)
        #expect(try !first.ask("more.east.k8s.corp A").isAnswered)
        // Places that one gives back the other may take.
        try first.respond(to: first.sent[0])
        #expect(try !second.ask("again.west.k8s.corp A").isAnswered)
        for scenario in [first, second] { scenario.pass(4010) }
        for i in 0..<10 { #expect(try !first.ask("later\(i).www.example.org A").isAnswered) }
    }
}
