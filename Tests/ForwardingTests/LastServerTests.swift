import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// The last server of a route goes down, or nearly does: what becomes of those who wait for it.
@Suite struct LastServerTests {
    private let west = "10.2.0.10"
    private let east: Set = ["10.1.0.10", "10.1.0.11"]

    private func scenario(_ change: (inout Setup) -> Void = { _ in }) throws -> Scenario {
        var setup = Setup()
        setup.hasTicks = true
        change(&setup)
        return try Scenario(setup)
    }

    /// Lets a server answer some questions at once, so that it is known to be fast.
    private func warm(_ scenario: Scenario, _ zone: String = "west.k8s.corp") throws {
        for i in 0..<20 {
            try scenario.ask("warm\(i).\(zone) A")
            try scenario.pass(2, answering: [west, "10.1.0.10"])
        }
    }

    /// Asks new names ten times a second until the server is down.
    private func load(_ scenario: Scenario, untilDown count: Int = 1) throws -> [ClientQuery] {
        var clients: [ClientQuery] = []
        while scenario.count(.serversDown) < count {
            try #require(clients.count < 40, "the server does not go down")
            clients.append(try scenario.ask("n\(scenario.now).west.k8s.corp A"))
            for _ in 0..<50 where scenario.count(.serversDown) < count { scenario.pass(2) }
        }
        return clients
    }

    // MARK: Down

    @Test func whoWaitsIsToldAtOnce() throws {
        let scenario = try scenario()
        try warm(scenario)
        let clients = try load(scenario)
        scenario.pass(10)
        for client in clients {
            let reply = try client.read()
            #expect(reply.code == .servFail)
            #expect(reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 timed out"])
        }
        #expect(scenario.count(.outages) == clients.count)
    }

    @Test func whoWaitsGetsTheStaleAnswer() throws {
        let scenario = try scenario { $0.caching.staleAfterMilliseconds = 3000 }
        try scenario.exchange("web.west.k8s.corp A", answer: ["web.cluster.local. 5 A 10.112.0.1"])
        try warm(scenario)
        try scenario.pass(6000, answering: [west])
        let client = try scenario.ask("web.west.k8s.corp A")
        _ = try load(scenario)
        scenario.pass(10)
        let reply = try client.read()
        #expect(reply.answer.count == 1)
        #expect(reply.errors == ["3 cluster west: all servers are down, 10.2.0.10:53 timed out"])
    }

    @Test func whoWaitsForAnotherWorkerIsToldToo() throws {
        let first = try scenario()
        var setup = Setup()
        setup.hasTicks = true
        let second = try Scenario(setup, beside: first)
        try warm(first)
        second.pass(first.now - second.now)
        let client = try second.ask("web.west.k8s.corp A")
        _ = try load(first)
        second.pass(first.now - second.now + 10)
        #expect(try client.read().errors.first?.hasPrefix("22 ") == true)
    }

    @Test func aLateAnswerIsStillKeptAndBringsTheServerBack() throws {
        let scenario = try scenario()
        try warm(scenario)
        let client = try scenario.ask("web.west.k8s.corp A")
        let query = try scenario.next(west)
        _ = try load(scenario)
        scenario.pass(400)
        #expect(try client.read().code == .servFail)
        try scenario.respond(to: query, answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(scenario.count(.serversUp) == 1)
        #expect(try scenario.ask("web.west.k8s.corp A").read().answer.count == 1)
        scenario.pass(4010)
    }

    @Test func nothingMoreIsSentForThem() throws {
        let scenario = try scenario { $0.settings.probe.isEnabled = false }
        try warm(scenario)
        _ = try load(scenario)
        scenario.pass(10)
        let sends = scenario.sent.count
        scenario.pass(4010)
        #expect(scenario.sent.count == sends)
        #expect(!scenario.hasPending)
    }

    @Test func aChainThatWaitsIsToldToo() throws {
        let scenario = try scenario()
        try warm(scenario)
        let client = try scenario.ask("alias.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: ["alias.cluster.local. 30 CNAME web.shop.svc.west.k8s.corp."]
        )
        _ = try load(scenario)
        scenario.pass(10)
        #expect(try client.read().errors.first?.hasPrefix("22 cluster west: all servers are down") == true)
    }

    @Test func serversThatRefuseFailThoseWhoWaitForAnother() throws {
        let scenario = try Scenario()
        let waiting = try scenario.ask("waits.west.k8s.corp A")
        _ = try scenario.next()
        for i in 0..<2 {
            try scenario.ask("n\(i).west.k8s.corp A")
            scenario.breakConnection(of: try scenario.next())
        }
        #expect(scenario.count(.serversDown) == 1)
        scenario.pass(10)
        #expect(
            try waiting.read().errors == [
                "22 cluster west: all servers are down, 10.2.0.10:53 cannot be reached"
            ]
        )
    }

    // MARK: Others

    @Test func whileAnotherServerIsUpTheyWait() throws {
        let scenario = try Scenario()
        let waiting = try scenario.ask("waits.east.k8s.corp A")
        _ = try scenario.next("10.1.0.10")
        for i in 0..<2 {
            try scenario.ask("n\(i).east.k8s.corp A")
            scenario.breakConnection(of: try scenario.next("10.1.0.10"))
            try scenario.answer(["10.1.0.11"])
        }
        #expect(scenario.count(.serversDown) == 1)
        scenario.pass(10)
        #expect(!waiting.isAnswered)
        try scenario.pass(310, answering: east)
        #expect(try waiting.read().code == .noError)
    }

    @Test func questionsOfOtherRoutesGoOn() throws {
        let scenario = try scenario()
        try warm(scenario)
        _ = try load(scenario)
        let waiting = try scenario.ask("web.east.k8s.corp A")
        scenario.pass(10)
        #expect(!waiting.isAnswered)
    }

    // MARK: Pauses

    @Test(arguments: [UInt64(300), 600, 900])
    func aPauseOfAFastServerCostsNoAnswer(milliseconds: UInt64) throws {
        let scenario = try scenario()
        try warm(scenario)
        let end = scenario.now + milliseconds
        var clients: [ClientQuery] = []
        var held: [SentQuery] = []
        while scenario.now < end {
            clients.append(try scenario.ask("n\(scenario.now).west.k8s.corp A"))
            scenario.pass(20)
            while !scenario.isQuiet { held.append(try scenario.next()) }
        }
        #expect(scenario.count(.serversDown) == 0)
        // What came meanwhile was kept for it.
        for query in held { try scenario.respond(to: query) }
        scenario.pass(10)
        for client in clients { #expect(try client.read().code == .noError) }
    }

    @Test func whereAnotherServerIsUpHalfASecondIsEnough() throws {
        let scenario = try scenario()
        try warm(scenario, "east.k8s.corp")
        let start = scenario.now
        while scenario.count(.serversDown) == 0 {
            try #require(scenario.now < start + 2000)
            try scenario.ask("n\(scenario.now).east.k8s.corp A")
            try scenario.pass(20, answering: ["10.1.0.11"])
        }
        #expect(scenario.now - start < 600)
    }

    @Test func aSecondOfSilenceIsTooMuch() throws {
        let scenario = try scenario()
        try warm(scenario)
        let start = scenario.now
        _ = try load(scenario)
        #expect(scenario.now - start >= 1000 && scenario.now - start < 1250)
        let sends = scenario.sent.count
        // From then on it is hardly asked.
        for _ in 0..<200 {
            #expect(try scenario.ask("x\(scenario.now).west.k8s.corp A").isAnswered)
            scenario.pass(10)
        }
        #expect(scenario.sent.count - sends <= 8)
    }
}
