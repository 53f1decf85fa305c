import DNSWire
import Forwarding
import Metrics
import PresentationFormat
import Routing
import Testing

/// Questions of our own to servers that are down or idle.
@Suite struct ProbeTests {
    private let west = "10.2.0.10"
    private let everybody: Set = ["10.1.0.10", "10.1.0.11", "10.2.0.10", "192.0.2.53", "192.0.2.54"]

    private func setup(_ change: (inout Setup) -> Void = { _ in }) -> Setup {
        var setup = Setup()
        setup.hasTicks = true
        change(&setup)
        return setup
    }

    /// The times of the probes sent to a server, in milliseconds since `start`.
    private func times(_ scenario: Scenario, _ server: String, since start: UInt64) -> [UInt64] {
        scenario.sent.filter { $0.server == server && $0.isProbe && $0.sentAt >= start }.map {
            $0.sentAt - start
        }
    }

    // MARK: Servers that are down

    @Test func aServerThatIsDownIsProbedLessAndLessOften() throws {
        let scenario = try Scenario(setup())
        for i in 0..<4 {
            try scenario.ask("n\(i).west.k8s.corp A")
            scenario.pass(310)
        }
        #expect(scenario.count(.serversDown) == 1)
        let start = scenario.now
        scenario.pass(20_000)
        let probes = times(scenario, west, since: start)
        let pauses = zip(probes.dropFirst(), probes).map { $0 - $1 }
        #expect(probes.first.map { $0 <= 600 } == true)
        #expect(Array(pauses.prefix(4)) == [1000, 2000, 2000, 2000])
        #expect(pauses.dropFirst(1).allSatisfy { $0 == 2000 })
    }

    @Test func aProbeBringsAServerUpAndTheNextOutageBeginsAnew() throws {
        let scenario = try Scenario(setup())
        for round in 1...3 {
            try scenario.silence("west.k8s.corp")
            scenario.pass(60_000)
            scenario.skipSent()
            try scenario.pass(2200, answering: everybody)
            #expect(scenario.count(.serversUp) == scenario.count(.serversDown))
            try scenario.exchange(
                "good\(round).west.k8s.corp A",
                answer: ["good\(round).cluster.local. 30 A 10.112.0.1"]
            )
            let start = scenario.now
            for i in 0..<3 {
                try scenario.ask("bad\(round)-\(i).west.k8s.corp A")
                scenario.pass(310)
            }
            #expect(try #require(times(scenario, west, since: start).first) <= 1000)
            scenario.skipSent()
            try scenario.pass(4000, answering: everybody)
        }
        #expect(scenario.count(.serversUp) == scenario.count(.serversDown))
    }

    @Test func riseSaysHowManySuccessesItTakes() throws {
        let scenario = try Scenario(setup { $0.settings.probe.rise = 3 })
        try scenario.silence("west.k8s.corp")
        var answered = 0
        for _ in 0..<80 where scenario.count(.serversUp) == 0 {
            scenario.pass(100)
            while !scenario.isQuiet {
                let probe = try scenario.next()
                guard probe.server == west else { continue }
                try scenario.respond(to: probe, .nxDomain)
                answered += 1
            }
        }
        #expect(answered == 3)
        #expect(scenario.count(.serversUp) == 1)
    }

    @Test func servFailToAProbeKeepsAServerDown() throws {
        let scenario = try Scenario(setup())
        try scenario.silence("west.k8s.corp")
        for _ in 0..<100 {
            scenario.pass(100)
            try scenario.answer([west], .servFail)
        }
        #expect(scenario.count(.serversUp) == 0)
        try scenario.pass(2200, answering: [west])
        #expect(scenario.count(.serversUp) == 1)
    }

    @Test func aServerThatRefusesItsProbeIsThereAgain() throws {
        let scenario = try Scenario(setup())
        try scenario.silence("west.k8s.corp")
        try scenario.pass(2200, answering: everybody, .refused)
        #expect(scenario.count(.serversUp) == 1)
        // And is not suspected for refusing it when idle.
        try scenario.pass(30_000, answering: everybody, .refused)
        #expect(scenario.count(.serversDown) == 1)
    }

    @Test func aProbeIsAskedOfOneServerOnly() throws {
        let scenario = try Scenario(setup())
        for i in 0..<2 {
            try scenario.ask("n\(i).east.k8s.corp A")
            scenario.pass(310)
            try scenario.answer(["10.1.0.11"])
        }
        #expect(scenario.count(.serversDown) == 1)
        scenario.pass(9000)
        let probes = scenario.sent.filter(\.isProbe)
        #expect(probes.count > 3)
        #expect(probes.allSatisfy { $0.server == "10.1.0.10" })
    }

    @Test func nothingOfAProbeIsKept() throws {
        let scenario = try Scenario(setup())
        try scenario.silence("west.k8s.corp")
        scenario.pass(2100)
        let probe = try #require(scenario.sent.last)
        #expect(probe.isProbe)
        try scenario.respond(to: probe, answer: ["kubernetes.default.svc.cluster.local. 30 A 10.112.0.1"])
        scenario.skipSent()
        #expect(try !scenario.ask("kubernetes.default.svc.west.k8s.corp A").isAnswered)
        #expect(try scenario.next().question == "kubernetes.default.svc.cluster.local A")
    }

    @Test func aClientDoesNotJoinAProbe() throws {
        let scenario = try Scenario(setup())
        scenario.pass(10_200)
        #expect(scenario.sent.contains { $0.server == west && $0.isProbe })
        scenario.skipSent()
        try scenario.ask("kubernetes.default.svc.west.k8s.corp A")
        _ = try scenario.next(west)
    }

    @Test func aProbeThatDoesNotLikeOPTIsSentAgainWithout() throws {
        let scenario = try Scenario(setup())
        try scenario.silence("west.k8s.corp")
        scenario.pass(2100)
        try scenario.respond(to: try #require(scenario.sent.last), .formErr) { $0.hasOPT = false }
        let again = try #require(scenario.sent.last)
        #expect(again.isProbe && again.message.edns == nil)
        try scenario.respond(to: again) { $0.hasOPT = false }
        #expect(scenario.count(.serversUp) == 1)
    }

    @Test func aTruncatedAnswerToAProbeIsAskedForAgainOverTCP() throws {
        let scenario = try Scenario(setup())
        try scenario.silence("west.k8s.corp")
        scenario.pass(2100)
        try scenario.respond(to: try #require(scenario.sent.last)) { $0.isTruncated = true }
        #expect(scenario.count(.serversUp) == 0)
        let again = try #require(scenario.sent.last)
        #expect(again.isProbe && again.transport == .tcp)
        try scenario.respond(to: again)
        #expect(scenario.count(.serversUp) == 1)
    }

    @Test func probesLeaveNothingInFlight() throws {
        let scenario = try Scenario(setup())
        try scenario.silence("west.k8s.corp")
        scenario.pass(60_000)
        try scenario.pass(3000, answering: everybody)
        #expect(!scenario.hasPending)
    }

    // MARK: Idle servers

    @Test func aServerIsProbedWhenNoAnswerCameForAWhile() throws {
        let scenario = try Scenario(setup())
        scenario.pass(9900)
        #expect(scenario.isQuiet)
        scenario.pass(400)
        let probes = scenario.sent.map { "\($0.server) \($0.question)" }.sorted()
        let cluster = "kubernetes.default.svc.cluster.local A"
        #expect(
            probes == ["10.1.0.10 \(cluster)", "10.1.0.11 \(cluster)", "10.2.0.10 \(cluster)"]
                + ["192.0.2.53 . NS", "192.0.2.54 . NS"]
        )
    }

    @Test func aServerThatAnswersClientsIsNotProbed() throws {
        let scenario = try Scenario(setup { $0.defaultServers = [] })
        for i in 0..<60 {
            try scenario.ask("n\(i).west.k8s.corp A")
            try scenario.answer([west])
            try scenario.pass(500, answering: ["10.1.0.10", "10.1.0.11"])
        }
        #expect(times(scenario, west, since: 0).isEmpty)
        #expect(times(scenario, "10.1.0.10", since: 0).count == 2)
    }

    @Test func anIdleServerThatDiesIsFoundOutBeforeAClientAsks() throws {
        let scenario = try Scenario(setup())
        scenario.pass(12_500)
        #expect(scenario.count(.serversDown) == 5)
        let before = scenario.sent.filter { !$0.isProbe }.count
        let reply = try scenario.ask("n.west.k8s.corp A").read()
        #expect(reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 timed out"])
        #expect(scenario.sent.filter { !$0.isProbe }.count <= before + 1)
    }

    @Test func withThousandsOfClustersIdleProbesStayFew() throws {
        let scenario = try Scenario(
            setup { setup in
                setup.clusters = (0..<3000).map {
                    Setup.Cluster("c\($0)", ["10.\($0 / 250).\($0 % 250).1"])
                }
            }
        )
        let servers = Set(scenario.snapshot.table.upstreams.map { "\($0.address)" })
        try scenario.pass(12_000, answering: servers)
        let start = scenario.now
        try scenario.pass(10_000, answering: servers)
        let probes = scenario.sent.filter { $0.sentAt >= start }
        #expect(probes.count >= 900 && probes.count <= 1010)
        // Each gets its turn.
        try scenario.pass(20_000, answering: servers)
        #expect(Set(scenario.sent.map(\.server)).count == servers.count)
    }

    // MARK: Settings

    @Test func theProbeIsTheConfiguredOne() throws {
        let name = try DomainName(presentation: "health.example.org")
        let scenario = try Scenario(
            setup {
                $0.settings.probe.name = name
                $0.settings.probe.type = .txt
                $0.settings.probe.idleMilliseconds = 1000
            }
        )
        scenario.pass(1500)
        #expect(Set(scenario.sent.map(\.question)) == ["health.example.org TXT"])
    }

    @Test func withoutProbesNothingIsAskedByItself() throws {
        let scenario = try Scenario(setup { $0.settings.probe.isEnabled = false })
        try scenario.silence("west.k8s.corp")
        scenario.pass(60_000)
        #expect(scenario.isQuiet)
    }

    @Test func withoutProbesAClientsQuestionFindsOutBesideAnother() throws {
        let scenario = try Scenario(setup { $0.settings.probe.isEnabled = false })
        for i in 0..<2 {
            try scenario.ask("n\(i).east.k8s.corp A")
            scenario.pass(310)
            try scenario.answer(["10.1.0.11"])
        }
        scenario.pass(500)
        // The client waits for the one that is up only; one question per interval goes to the other, too.
        for i in 0..<3 {
            let client = try scenario.ask("m\(i).east.k8s.corp A")
            let query = try scenario.next("10.1.0.11")
            if i == 0 { _ = try scenario.next("10.1.0.10") }
            try scenario.respond(to: query)
            #expect(client.isAnswered)
            #expect(scenario.isQuiet)
        }
        scenario.pass(500)
        let late = try scenario.ask("late.east.k8s.corp A")
        try scenario.answer(["10.1.0.10", "10.1.0.11"])
        #expect(late.replies.count == 1)
        #expect(scenario.count(.trials) == 2)
        #expect(scenario.count(.serversUp) == 1)
        try scenario.ask("again.east.k8s.corp A")
        _ = try scenario.next("10.1.0.10")
        #expect(scenario.isQuiet)
    }

    // MARK: Several workers

    @Test func ofAllWorkersOneProbes() throws {
        let first = try Scenario(setup())
        let second = try Scenario(setup(), beside: first)
        for _ in 0..<300 {
            first.pass(100)
            second.pass(100)
        }
        let all = (first.sent + second.sent).filter { $0.server == west }.map(\.sentAt).sorted()
        #expect(all.count >= 10)
        #expect(zip(all.dropFirst(), all).allSatisfy { $0 - $1 >= 500 })
    }
}
