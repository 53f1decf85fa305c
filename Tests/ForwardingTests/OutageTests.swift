import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// A route whose servers are all down: clients hear it at once, servers are hardly asked, nobody else notices, and when
/// it is over nothing is left of it.
@Suite struct OutageTests {
    private let west = "10.2.0.10"
    private let east: Set = ["10.1.0.10", "10.1.0.11"]
    private let everybody: Set = ["10.1.0.10", "10.1.0.11", "10.2.0.10", "192.0.2.53", "192.0.2.54"]

    private func scenario(_ change: (inout Setup) -> Void = { _ in }) throws -> Scenario {
        var setup = Setup()
        setup.hasTicks = true
        change(&setup)
        return try Scenario(setup)
    }

    // MARK: Failing fast

    @Test func clientsAreToldAtOnceWhichServersAreDown() throws {
        let scenario = try scenario()
        try scenario.silence("east.k8s.corp")
        let reply = try scenario.ask("web.east.k8s.corp A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["22 cluster east: all servers are down, 10.1.0.10:53 timed out"])
    }

    @Test func theDefaultRouteFailsFastToo() throws {
        let scenario = try scenario()
        try scenario.silence("example.org")
        let reply = try scenario.ask("www.example.org A").read()
        #expect(reply.errors == ["22 default route: all servers are down, 192.0.2.53:53 timed out"])
    }

    @Test func whileOneServerIsUpNobodyIsTurnedAway() throws {
        let scenario = try scenario()
        for i in 0..<20 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.pass(700, answering: ["10.1.0.11"])
            #expect(try client.read().code == .noError)
        }
        #expect(scenario.count(.outages) == 0)
    }

    @Test func aChainIntoADeadClusterFailsAtOnce() throws {
        let scenario = try scenario()
        try scenario.silence("west.k8s.corp")
        let client = try scenario.ask("alias.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["alias.cluster.local. 30 CNAME web.shop.svc.west.k8s.corp."]
        )
        let reply = try client.read()
        #expect(reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 timed out"])
    }

    @Test func theFailureIsNotRemembered() throws {
        let scenario = try scenario()
        try scenario.silence("west.k8s.corp")
        #expect(try scenario.ask("web.west.k8s.corp A").read().errors.first?.hasPrefix("22 ") == true)
        scenario.skipSent()
        try scenario.pass(2200, answering: [west])
        #expect(scenario.count(.serversUp) == 1)
        try scenario.exchange("web.west.k8s.corp A", answer: ["web.cluster.local. 30 A 10.112.0.1"])
    }

    // MARK: Trials

    @Test func oneQuestionPerIntervalIsATrialWithoutItsClient() throws {
        let scenario = try Scenario()
        try scenario.silence("west.k8s.corp")
        let sends = scenario.sent.count
        var answered = 0
        for i in 0..<500 {
            if try scenario.ask("n\(i).west.k8s.corp A").isAnswered { answered += 1 }
            scenario.pass(10)
        }
        #expect(answered == 500)
        let trials = scenario.sent.count - sends
        #expect(trials >= 9 && trials <= 11)
        #expect(scenario.count(.trials) >= trials)
    }

    @Test func theAnswerToATrialIsKeptAndBringsTheServerUp() throws {
        let scenario = try Scenario()
        try scenario.silence("west.k8s.corp")
        let client = try scenario.ask("web.west.k8s.corp A")
        #expect(try client.read().code == .servFail)
        try scenario.respond(to: try scenario.next(), answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(client.replies.count == 1)
        #expect(try scenario.ask("web.west.k8s.corp A").read().answer.count == 1)
        #expect(scenario.count(.serversUp) == 1)
        #expect(!scenario.hasPending)
    }

    @Test func nobodyWaitsForATrialThatSomebodyElseAskedFor() throws {
        let scenario = try Scenario()
        try scenario.silence("west.k8s.corp")
        for _ in 0..<3 { #expect(try scenario.ask("web.west.k8s.corp A").isAnswered) }
        _ = try scenario.next()
        #expect(scenario.isQuiet)
        scenario.pass(4010)
        #expect(!scenario.hasPending)
        // That it failed says nothing that was not known.
        #expect(try scenario.ask("web.west.k8s.corp A").read().errors.first?.hasPrefix("22 ") == true)
    }

    @Test func aTrialIsNotRepeatedElsewhere() throws {
        let scenario = try Scenario()
        try scenario.silence("east.k8s.corp")
        try scenario.ask("web.east.k8s.corp A")
        try scenario.respond(to: try scenario.next(), .servFail)
        #expect(scenario.isQuiet)
        #expect(!scenario.hasPending)
    }

    @Test func aQuestionInFlightIsAskedAgainWhenAServerComesBack() throws {
        let scenario = try scenario()
        let clients = try (0..<2).map { i in
            let client = try scenario.ask("n\(i).west.k8s.corp A")
            scenario.pass(310)
            return client
        }
        #expect(clients.allSatisfy { !$0.isAnswered })
        scenario.skipSent()
        try scenario.pass(1500, answering: [west])
        for client in clients { #expect(try client.read().code == .noError) }
    }

    // MARK: No storm

    @Test func inAnOutageTheServerIsHardlyAsked() throws {
        let scenario = try scenario()
        for i in 0..<20 {
            try scenario.exchange("warm\(i).west.k8s.corp A", .nxDomain)
            scenario.pass(2)
        }
        // 1,000 questions a second.
        let before = scenario.sent.count
        for i in 0..<5000 {
            try scenario.ask("n\(i).west.k8s.corp A")
            if i.isMultiple(of: 2) { scenario.pass(2) }
        }
        let first = scenario.sent.count - before
        // What is asked until a second has brought no answer, and again by the budget of retries.
        #expect(first <= 1500)
        for i in 5000..<7500 {
            try scenario.ask("n\(i).west.k8s.corp A")
            if i.isMultiple(of: 2) { scenario.pass(2) }
        }
        #expect(scenario.sent.filter { $0.server == west }.count - before - first <= 20)
    }

    @Test func ahundredEqualQuestionsAreOneQuery() throws {
        let scenario = try scenario()
        let clients = try (0..<100).map { _ in try scenario.ask("web.west.k8s.corp A") }
        let query = try scenario.next()
        #expect(scenario.isQuiet)
        try scenario.respond(to: query, answer: ["web.cluster.local. 30 A 10.112.0.1"])
        for client in clients { #expect(try client.read().answer.count == 1) }
    }

    // MARK: Afterwards

    @Test func tenMinutesOfOutageLeaveNoPenalty() throws {
        let scenario = try scenario()
        let fresh = try self.scenario()
        for scenario in [scenario, fresh] {
            for i in 0..<20 {
                try scenario.exchange("warm\(i).west.k8s.corp A", .nxDomain)
                try scenario.pass(2, answering: everybody)
            }
        }
        // All servers are silent, while each route is asked something now and then.
        for second in 0..<600 {
            try scenario.ask("n\(second).west.k8s.corp A")
            try scenario.ask("n\(second).east.k8s.corp A")
            try scenario.ask("n\(second).example.org A")
            scenario.pass(1000)
        }
        scenario.skipSent()
        #expect(scenario.count(.serversDown) == 5)

        // A client that asks ten times a second has its answer within an interval.
        var answeredAt: UInt64?
        let start = scenario.now
        for i in 0..<20 where answeredAt == nil {
            let client = try scenario.ask("back\(i).west.k8s.corp A")
            try scenario.answer(everybody)
            if try client.read().code == .noError { answeredAt = scenario.now }
            try scenario.pass(100, answering: everybody)
        }
        #expect(try #require(answeredAt) - start <= 600)
        try scenario.pass(4200, answering: everybody)
        #expect(scenario.count(.serversUp) == 5)
        #expect(!scenario.hasPending)

        // From here on it does what one does that has seen no outage.
        let sent = [scenario, fresh].map(\.sent.count)
        for scenario in [scenario, fresh] {
            for i in 0..<3 {
                try scenario.ask("later\(i).west.k8s.corp A")
                scenario.pass(30)
            }
            scenario.pass(1000)
        }
        func timetable(_ scenario: Scenario, _ start: Int) -> [UInt64] {
            let sends = scenario.sent.dropFirst(start).filter { $0.server == west && !$0.isProbe }
            return sends.map { $0.sentAt - (sends.first?.sentAt ?? 0) }
        }
        let pairs = zip(timetable(scenario, sent[0]), timetable(fresh, sent[1]))
        #expect(pairs.allSatisfy { $0 >= $1 ? $0 - $1 <= 8 : $1 - $0 <= 8 })
    }

    // MARK: Others

    @Test func oneBrokenRouteDoesNotChangeAnother() throws {
        // The same questions to east, with west whole and with west dead under load.
        func timetable(isBroken: Bool) throws -> [String] {
            let scenario = try scenario()
            var clients: [ClientQuery] = []
            for i in 0..<300 {
                clients.append(try scenario.ask("n\(i).east.k8s.corp A"))
                for j in 0..<10 { try scenario.ask("n\(i)-\(j).west.k8s.corp A") }
                try scenario.pass(20, answering: isBroken ? east : everybody)
            }
            #expect(clients.allSatisfy { $0.isAnswered })
            return scenario.sent.filter { east.contains($0.server) }.map {
                "\($0.server) \($0.question) \($0.sentAt)"
            }
        }
        #expect(try timetable(isBroken: true) == timetable(isBroken: false))
    }

    // MARK: Several workers

    @Test func whatOneWorkerFindsOutTheOtherKnows() throws {
        let first = try scenario()
        var setup = Setup()
        setup.hasTicks = true
        let second = try Scenario(setup, beside: first)
        try first.silence("west.k8s.corp")
        second.pass(first.now - second.now)
        let reply = try second.ask("web.west.k8s.corp A").read()
        #expect(reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 timed out"])
        // And when one finds it back, both ask it.
        first.skipSent()
        try first.pass(2200, answering: [west])
        #expect(first.count(.serversUp) == 1)
        second.skipSent()
        try second.exchange("web.west.k8s.corp A", answer: ["web.cluster.local. 30 A 10.112.0.1"])
    }

    @Test func ofAllWorkersOneTries() throws {
        let first = try Scenario()
        let second = try Scenario(Setup(), beside: first)
        try first.silence("west.k8s.corp")
        second.pass(first.now - second.now)
        for i in 0..<10 {
            try first.ask("n\(i).west.k8s.corp A")
            try second.ask("n\(i).west.k8s.corp A")
        }
        #expect(first.count(.trials) + second.count(.trials) <= 2)
        #expect(second.sent.count + (first.isQuiet ? 0 : 1) == 1)
    }
}
