import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Lost answers of a server that has no other beside it: the whole wait is used, within three sends over each transport
/// (RFC 9520 §3.1).
@Suite struct LossTests {
    private let west = "10.2.0.10"

    private func scenario(_ change: (inout Setup) -> Void = { _ in }) throws -> Scenario {
        var setup = Setup()
        change(&setup)
        return try Scenario(setup)
    }

    /// Lets a server answer some questions at once, so that it is known to be fast.
    private func warm(_ scenario: Scenario) throws {
        for i in 0..<20 {
            try scenario.ask("warm\(i).west.k8s.corp A")
            try scenario.pass(2, answering: [west])
        }
    }

    /// Lets the server answer all questions but those that begin with `web`, which shows that it is up.
    private func passLosing(_ scenario: Scenario, _ milliseconds: UInt64) throws -> [SentQuery] {
        var lost: [SentQuery] = []
        for _ in 0..<milliseconds / 10 {
            try scenario.ask("n\(scenario.now).west.k8s.corp A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                let isLost = query.question.hasPrefix("web")
                if isLost { lost.append(query) } else { try scenario.respond(to: query) }
            }
            scenario.pass(10)
        }
        return lost
    }

    @Test func afterThreeSendsOverUDPTheQuestionIsAskedOverTCP() throws {
        let scenario = try scenario()
        try warm(scenario)
        let client = try scenario.ask("web.west.k8s.corp A")
        let lost = try passLosing(scenario, 1200)
        #expect(lost.map(\.transport) == [.udp, .udp, .udp, .tcp])
        // The last over UDP comes after more than a short pause, and TCP before the server would count as silent.
        #expect(lost[2].sentAt - lost[0].sentAt >= 400)
        #expect(lost[3].sentAt - lost[0].sentAt < 1000)
        try scenario.respond(to: lost[3], answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(try client.read().answer.count == 1)
    }

    @Test func tcpThatIsRefusedChangesNothing() throws {
        let scenario = try scenario { $0.hasTicks = true }
        try warm(scenario)
        let clients = try (0..<4).map { try scenario.ask("web\($0).west.k8s.corp A") }
        let lost = try passLosing(scenario, 1200)
        #expect(lost.filter { $0.transport == .tcp }.count == 4)
        scenario.breakConnection(of: try #require(lost.last))
        #expect(clients.allSatisfy { !$0.isAnswered })
        // A late answer over UDP is still good.
        for query in lost.prefix(4) { try scenario.respond(to: query) }
        #expect(clients.allSatisfy { $0.isAnswered })
        #expect(scenario.count(.probes) == 0)
    }

    @Test func whatTCPSaysIsNoReasonWhenItIsRefused() throws {
        let scenario = try scenario()
        try warm(scenario)
        let client = try scenario.ask("web.west.k8s.corp A")
        let lost = try passLosing(scenario, 1200)
        scenario.breakConnection(of: try #require(lost.last))
        #expect(try passLosing(scenario, 3000).isEmpty)
        #expect(try client.read().errors == ["23 cluster west: 10.2.0.10:53 timed out"])
    }

    @Test func withoutBudgetTCPIsNotAsked() throws {
        let scenario = try scenario { $0.settings.limits.retryPercent = 0 }
        try warm(scenario)
        try scenario.ask("web.west.k8s.corp A")
        #expect(try passLosing(scenario, 3900).count == 1)
    }

    @Test func aServerOverTCPIsNotAskedOverAnythingElse() throws {
        let scenario = try scenario { $0.tcpServers = [west] }
        try warm(scenario)
        try scenario.ask("web.west.k8s.corp A")
        let lost = try passLosing(scenario, 3900)
        #expect(lost.allSatisfy { $0.transport == .tcp } && lost.count <= 3)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func ofHalfLostFewFailAndNoneForLong(seed: UInt64) throws {
        let scenario = try scenario {
            $0.hasTicks = true
            $0.clusters.removeFirst()
            $0.defaultServers = []
        }
        try warm(scenario)
        var random = SeededGenerator(seed: seed, script: [])
        var clients: [ClientQuery] = []
        for _ in 0..<100 {
            clients.append(try scenario.ask("n\(scenario.now).west.k8s.corp A"))
            for _ in 0..<30 {
                while !scenario.isQuiet {
                    let query = try scenario.next()
                    if query.transport == .tcp || random.next().isMultiple(of: 2) {
                        try scenario.respond(to: query)
                    }
                }
                scenario.pass(10)
            }
        }
        #expect(scenario.count(.serversDown) == 0)
        scenario.pass(4010)
        let failed = try clients.filter { try $0.read().code == .servFail }
        #expect(failed.count <= 2)
    }
}
