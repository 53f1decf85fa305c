import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Servers that answer, but not as they should: what takes them down, what does not, and how it ends.
@Suite struct HealthUnderFaultTests {
    private let west = "10.2.0.10"

    private func scenario(_ change: (inout Setup) -> Void = { _ in }) throws -> Scenario {
        var setup = Setup()
        setup.hasTicks = true
        change(&setup)
        return try Scenario(setup)
    }

    /// Asks 50 new names a second, and lets a server do what it does; returns the replies that were not good.
    private func load(
        _ scenario: Scenario,
        milliseconds: UInt64,
        _ serve: (SentQuery) throws -> Void
    ) throws -> [ClientQuery] {
        var clients: [ClientQuery] = []
        for _ in 0..<milliseconds / 20 {
            clients.append(try scenario.ask("n\(scenario.now).west.k8s.corp A"))
            for _ in 0..<10 {
                while !scenario.isQuiet { try serve(try scenario.next()) }
                scenario.pass(2)
            }
        }
        return try clients.filter { try !$0.isAnswered || $0.read().code == .servFail }
    }

    /// Answers well for a second, so that the server is known to be fast.
    private func warm(_ scenario: Scenario) throws {
        let failed = try load(scenario, milliseconds: 1000) { try scenario.respond(to: $0) }
        #expect(failed.isEmpty)
    }

    // MARK: Answers of no use

    @Test func aServerThatAnswersNonsenseToItsProbeTooGoesDown() throws {
        let scenario = try scenario()
        try warm(scenario)
        _ = try load(scenario, milliseconds: 1000) { try scenario.respondWithNonsense(to: $0) }
        #expect(scenario.count(.serversDown) == 1)
        let sends = scenario.sent.count
        _ = try load(scenario, milliseconds: 5000) { try scenario.respondWithNonsense(to: $0) }
        #expect(scenario.sent.count - sends <= 20)
        let reply = try scenario.ask("x.west.k8s.corp A").read()
        #expect(
            reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 sent a malformed response"]
        )
    }

    @Test func nonsenseDoesNotForgiveSilence() throws {
        let scenario = try scenario { $0.settings.probe.isEnabled = false }
        try warm(scenario)
        // By turns one of both.
        _ = try load(scenario, milliseconds: 2000) { query in
            if scenario.sent.count.isMultiple(of: 2) { try scenario.respondWithNonsense(to: query) }
        }
        #expect(scenario.count(.serversDown) == 1)
    }

    @Test func namesThatAreAnsweredWithNonsenseOnlyCallForAProbe() throws {
        let scenario = try scenario()
        _ = try load(scenario, milliseconds: 3000) { query in
            if query.isProbe {
                try scenario.respond(to: query)
            } else {
                try scenario.respondWithNonsense(to: query)
            }
        }
        #expect(scenario.count(.probes) >= 2)
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func aServerThatRefersEverybodyElsewhereGoesDown() throws {
        let scenario = try scenario()
        _ = try load(scenario, milliseconds: 1000) {
            try scenario.respond(to: $0, authority: ["local. 30 NS ns.example."])
        }
        #expect(scenario.count(.serversDown) == 1)
        let reply = try scenario.ask("x.west.k8s.corp A").read()
        #expect(
            reply.errors == [
                "22 cluster west: all servers are down, 10.2.0.10:53 sent a referral, not an answer"
            ]
        )
    }

    @Test func aReferralToTheRootIsNoFailureOfAProbe() throws {
        let scenario = try scenario()
        for _ in 0..<300 {
            scenario.pass(100)
            while !scenario.isQuiet {
                let query = try scenario.next()
                let isRoot = query.message.qname.isRoot
                try scenario.respond(to: query, authority: isRoot ? [". 30 NS a.root-servers.net."] : [])
            }
        }
        #expect(scenario.count(.probes) > 5)
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func afterNonsenseTheServerIsBackWithinASecond() throws {
        let scenario = try scenario()
        _ = try load(scenario, milliseconds: 6000) { try scenario.respondWithNonsense(to: $0) }
        #expect(try !load(scenario, milliseconds: 1000) { try scenario.respond(to: $0) }.isEmpty)
        #expect(scenario.count(.serversUp) == 1)
        #expect(try load(scenario, milliseconds: 1000) { try scenario.respond(to: $0) }.isEmpty)
    }

    // MARK: TC, and no TCP

    private func truncate(_ scenario: Scenario, _ query: SentQuery) throws {
        if query.transport == .udp { return try scenario.respond(to: query) { $0.isTruncated = true } }
        scenario.breakConnection(of: query)
    }

    @Test func aServerThatOnlySaysTCAndHasNoTCPGoesDown() throws {
        let scenario = try scenario()
        try warm(scenario)
        _ = try load(scenario, milliseconds: 1000) { try truncate(scenario, $0) }
        #expect(scenario.count(.serversDown) == 1)
        let sends = scenario.sent.filter { $0.transport == .udp }.count
        _ = try load(scenario, milliseconds: 5000) { try truncate(scenario, $0) }
        #expect(scenario.count(.serversDown) == 1)
        #expect(scenario.sent.filter { $0.transport == .udp }.count - sends <= 20)
        // And back.
        _ = try load(scenario, milliseconds: 700) { try scenario.respond(to: $0) }
        #expect(scenario.count(.serversUp) == 1)
        #expect(try load(scenario, milliseconds: 1000) { try scenario.respond(to: $0) }.isEmpty)
    }

    @Test func namesThatNeedTCPWhichIsClosedDoNotTakeAServerDown() throws {
        let scenario = try scenario()
        _ = try load(scenario, milliseconds: 3000) { query in
            if query.isProbe { try scenario.respond(to: query) } else { try truncate(scenario, query) }
        }
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func aFailureOfTheNetworkIsRememberedForASecond() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.west.k8s.corp A")
        try truncate(scenario, try scenario.next())
        try truncate(scenario, try scenario.next())
        #expect(try client.read().errors == ["23 cluster west: 10.2.0.10:53 cannot be reached"])
        scenario.pass(980)
        #expect(try scenario.ask("web.west.k8s.corp A").read().errors.first?.hasPrefix("13 ") == true)
        scenario.pass(20)
        #expect(try !scenario.ask("web.west.k8s.corp A").isAnswered)
    }

    // MARK: Lost answers

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func aServerThatLosesEverySecondAnswerStaysUp(seed: UInt64) throws {
        let scenario = try scenario()
        try warm(scenario)
        var random = SeededGenerator(seed: seed, script: [])
        let failed = try load(scenario, milliseconds: 8000) { query in
            if random.next().isMultiple(of: 2) { try scenario.respond(to: query) }
        }
        #expect(scenario.count(.serversDown) == 0)
        // Three sends of each question; those of the end are still waiting.
        #expect(failed.count < 400 / 4)
    }

    @Test func aBlackHoleIsKnownAfterASecondAndFailsFast() throws {
        let scenario = try scenario()
        try warm(scenario)
        _ = try load(scenario, milliseconds: 1100) { _ in }
        #expect(scenario.count(.serversDown) == 1)
        #expect(try scenario.ask("x.west.k8s.corp A").isAnswered)
    }

    @Test func aSilentServerThatIsHardlyAskedIsFoundOutByProbes() throws {
        let scenario = try scenario()
        try warm(scenario)
        try scenario.ask("x.west.k8s.corp A")
        scenario.pass(1500)
        #expect(scenario.count(.serversDown) == 1)
    }

    // MARK: Late answers

    @Test func aFastServerThatBecomesSlowFailsOnlyUntilItsFirstLateAnswer() throws {
        let scenario = try scenario()
        try warm(scenario)
        var due: [SentQuery] = []
        var clients: [(at: UInt64, query: ClientQuery)] = []
        let start = scenario.now
        while scenario.now < start + 8000 {
            clients.append((scenario.now - start, try scenario.ask("s\(scenario.now).west.k8s.corp A")))
            for _ in 0..<10 {
                while !scenario.isQuiet { due.append(try scenario.next()) }
                while let first = due.first, first.sentAt + 2000 <= scenario.now {
                    try scenario.respond(to: due.removeFirst())
                }
                scenario.pass(2)
            }
        }
        let failed = try clients.filter {
            $0.query.isAnswered ? try $0.query.read().code == .servFail : false
        }
        #expect(failed.allSatisfy { $0.at <= 2010 })
        #expect(scenario.count(.serversDown) == 1)
    }
}
