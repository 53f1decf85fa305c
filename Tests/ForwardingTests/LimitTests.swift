import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// What happens when all places are taken: a defined answer, no growth, and no memory of it afterwards.
@Suite struct LimitTests {
    @Test func aQuestionTooManyOfOneClusterFailsAtOnceAndIsNotRemembered() throws {
        let scenario = try Scenario()
        let limit = RouteLimits().pendingQueries
        for i in 0..<limit { try scenario.ask("n\(i).east.k8s.corp A") }
        #expect(scenario.sent.count == limit)
        let reply = try scenario.ask("one-more.east.k8s.corp A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 cluster east is over its budget"])
        #expect(scenario.sent.count == limit)
        #expect(scenario.count(.overloads) == 1)
        // Other clusters do not notice, one in flight may still be joined, and local names still answer.
        #expect(try !scenario.ask("web.west.k8s.corp A").isAnswered)
        #expect(scenario.sent.count == limit + 1)
        #expect(try !scenario.ask("n0.east.k8s.corp A").isAnswered)
        #expect(try scenario.ask("localhost A").isAnswered)

        // With one place free again, the same question is asked.
        try scenario.respond(to: scenario.sent[0], answer: ["n0.cluster.local. 30 A 10.96.0.1"])
        let client = try scenario.ask("one-more.east.k8s.corp A")
        #expect(!client.isAnswered)
        scenario.pass(4010)
        #expect(try client.read().code == .servFail)
        #expect(!scenario.hasPending)
    }

    @Test func aQuestionTooManyInAllFailsAtOnce() throws {
        let scenario = try Scenario()
        let each = ForwardingLimits.pendingQueriesMax / 2
        for i in 0..<each {
            try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.ask("n\(i).west.k8s.corp A")
        }
        #expect(scenario.sent.count == ForwardingLimits.pendingQueriesMax)
        let reply = try scenario.ask("www.example.org A").read()
        #expect(reply.errors == ["0 too many queries are pending"])
        scenario.pass(4010)
        #expect(!scenario.hasPending)
        #expect(try !scenario.ask("www.example.org A").isAnswered)
    }

    @Test func aWaiterTooManyOfOneQuestionFailsAtOnceAndIsNotRemembered() throws {
        let scenario = try Scenario()
        let clients = try wait(for: "web.west.k8s.corp", ForwardingLimits.waitersPerQueryMax, scenario)
        #expect(clients.allSatisfy { !$0.isAnswered })
        let late = try scenario.ask("web.west.k8s.corp A")
        #expect(try late.read().errors == ["0 too many clients wait for the same answer"])
        #expect(try !scenario.ask("other.west.k8s.corp A").isAnswered)
        try scenario.respond(to: scenario.sent[0], answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(clients.allSatisfy { $0.replies.count == 1 })
        #expect(late.replies.count == 1)
    }

    @Test func aWaiterTooManyInAllFailsAtOnceAndIsNotRemembered() throws {
        let scenario = try Scenario()
        var clients: [ClientQuery] = []
        for i in 0..<(ForwardingLimits.waitersMax / ForwardingLimits.waitersPerQueryMax) {
            let each = ForwardingLimits.waitersPerQueryMax
            clients += try wait(for: "n\(i).west.k8s.corp", each, scenario)
        }
        #expect(clients.allSatisfy { !$0.isAnswered })
        let sent = scenario.sent.count
        let other = try scenario.ask("other.west.k8s.corp A")
        #expect(try other.read().errors == ["0 too many queries are pending"])
        #expect(scenario.sent.count == sent)
        scenario.pass(4010)
        #expect(clients.allSatisfy { $0.replies.count == 1 })
        #expect(!scenario.hasPending)
        #expect(try !scenario.ask("other.east.k8s.corp A").isAnswered)
    }

    private func wait(for name: String, _ count: Int, _ scenario: Scenario) throws -> [ClientQuery] {
        let query = try ClientQuestion("\(name) A").write()
        let source = Client(address: try readAddress("127.0.0.1"), isStream: false)
        return (0..<count).map { _ in scenario.ask(octets: query, from: source) }
    }

    @Test func aChainThatFindsNoPlaceFails() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        let query = try scenario.next()
        for i in 0..<RouteLimits().pendingQueries { try scenario.ask("n\(i).example.org A") }
        scenario.skipSent()
        try scenario.respond(to: query, answer: ["ext.cluster.local. 30 CNAME www.example.org."])
        #expect(try client.read().errors == ["0 default route is over its budget"])
        // The failure is forgotten.
        #expect(try !scenario.ask("ext.east.k8s.corp A").isAnswered)
    }

    @Test func placesAreUsedAgain() throws {
        let scenario = try Scenario()
        for round in 0..<5 {
            for i in 0..<1000 { try scenario.ask("n\(round)-\(i).west.k8s.corp A") }
            scenario.pass(4010)
            #expect(!scenario.hasPending)
        }
        #expect(scenario.count(.failures) == 5000)
        #expect(scenario.count(.overloads) == 0)
    }

    @Test func aLongPauseOfTheClockSettlesEverything() throws {
        let scenario = try Scenario()
        let clients = try (0..<100).map { try scenario.ask("n\($0).west.k8s.corp A") }
        scenario.pass(seconds: 3600)
        for client in clients { #expect(try client.read().code == .servFail) }
        #expect(!scenario.hasPending)
    }

    // MARK: One client

    @Test func aClientWithTooManyWaitingQueriesIsTurnedAwayAtOnce() throws {
        var setup = Setup()
        setup.waitingPerClient = 3
        let scenario = try Scenario(setup)
        try scenario.exchange("known.west.k8s.corp A", answer: ["known.cluster.local. 30 A 10.112.0.1"])
        for i in 0..<2 { try scenario.ask("n\(i).west.k8s.corp A") }
        // A question that another has asked counts, too.
        #expect(try !scenario.ask("n0.west.k8s.corp A").isAnswered)
        let queries = scenario.sent.count
        let reply = try scenario.ask("n3.west.k8s.corp A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 too many of this client's queries are waiting"])
        #expect(try scenario.ask("n0.west.k8s.corp A").read().code == .servFail)
        #expect(scenario.sent.count == queries)
        #expect(scenario.count(.overloads) == 2)
        // What is known is answered, and others are not concerned; it was not remembered.
        #expect(try scenario.ask("known.west.k8s.corp A").read().answer.count == 1)
        for other in ["127.0.0.2", "fd00::1", "fd00::2"] {
            #expect(try !scenario.ask("n3.west.k8s.corp A", from: other).isAnswered)
        }
    }

    @Test func aClientMayAskAgainOnceItsQueriesAreAnswered() throws {
        var setup = Setup()
        setup.waitingPerClient = 2
        setup.settings.probe.fall = 1000
        let scenario = try Scenario(setup)
        try scenario.ask("n0.west.k8s.corp A")
        try scenario.ask("n1.west.k8s.corp A")
        #expect(try scenario.ask("n2.west.k8s.corp A").isAnswered)
        try scenario.respond(to: scenario.sent[0], answer: ["n0.cluster.local. 30 A 10.112.0.1"])
        #expect(try !scenario.ask("n2.west.k8s.corp A").isAnswered)
        #expect(try scenario.ask("n3.west.k8s.corp A").isAnswered)
        // Failures give places back as well.
        scenario.pass(4010)
        for i in 10..<12 { #expect(try !scenario.ask("n\(i).west.k8s.corp A").isAnswered) }
        #expect(try scenario.ask("n12.west.k8s.corp A").isAnswered)
    }
}
