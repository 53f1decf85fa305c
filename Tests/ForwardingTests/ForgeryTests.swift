import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Wrong messages in a server's name make its questions go over TCP (RFC 5452 §9.3).
@Suite struct ForgeryTests {
    private let right = ["web.cluster.local. 30 A 10.96.0.7"]
    private let wrong = ["web.cluster.local. 30 A 10.6.6.6"]

    private func scenario(hasCache: Bool = true) throws -> Scenario {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("east", ["10.1.0.10"]), Setup.Cluster("west", ["10.2.0.10"])]
        setup.hasCache = hasCache
        return try Scenario(setup)
    }

    /// Delivers guesses with IDs that nobody uses.
    private func flood(_ scenario: Scenario, _ query: SentQuery, _ count: Int) throws {
        var octets = try ServerResponse(answer: wrong).write(for: query)
        let id = query.message.header.id.rawValue
        for i in 1...count {
            let guess = id &+ UInt16(truncatingIfNeeded: i)
            octets[0] = UInt8(guess >> 8)
            octets[1] = UInt8(guess & 0xFF)
            scenario.deliver(octets, to: query)
        }
    }

    @Test func threeWrongMessagesForAQuestionAreEnough() throws {
        let scenario = try scenario()
        let client = try scenario.ask("web.east.k8s.corp A")
        let query = try scenario.next()
        for i in 1...3 {
            #expect(scenario.isQuiet)
            try scenario.respond(to: query, answer: wrong) { $0.question = "n\(i).cluster.local A" }
        }
        let stream = try scenario.next()
        #expect(stream.transport == .tcp)
        // A guess that hits now is of no use, nor is more of the same.
        for _ in 0..<10 { try scenario.respond(to: query, answer: wrong) }
        #expect(!client.isAnswered && scenario.isQuiet)
        try scenario.respond(to: stream, answer: right)
        #expect(try client.read().answer == ["web.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(scenario.count(.confirmations) == 1)
    }

    @Test func answersThatComeTwiceAreNoGuesses() throws {
        let scenario = try scenario(hasCache: false)
        for i in 0..<150 {
            try scenario.ask("n\(i).east.k8s.corp A")
            let query = try scenario.next()
            #expect(query.transport == .udp)
            for _ in 0..<2 {
                try scenario.respond(to: query, answer: ["n\(i).cluster.local. 30 A 10.96.0.7"])
            }
        }
        #expect(scenario.count(.upstreamMismatches) == 0)
        #expect(scenario.count(.lateResponses) == 150)
        #expect(scenario.count(.forgeryAlarms) == 0)
    }

    @Test func oneWrongMessageChangesNothing() throws {
        let scenario = try scenario()
        let client = try scenario.ask("web.east.k8s.corp A")
        let query = try scenario.next()
        for _ in 0..<2 {
            try scenario.respond(to: query, answer: wrong) { $0.question = "x.cluster.local A" }
        }
        try scenario.respond(to: query, answer: right)
        #expect(client.isAnswered && scenario.isQuiet)
        #expect(scenario.health("10.1.0.10").mismatchCount == 2)
        #expect(!scenario.health("10.1.0.10").needsStream(now: scenario.now))
    }

    @Test func aFloodOfWrongIDsHasTheServerAskedOverTCP() throws {
        let scenario = try scenario()
        let client = try scenario.ask("web.east.k8s.corp A")
        let query = try scenario.next()
        try flood(scenario, query, 1000)
        #expect(scenario.count(.forgeryAlarms) == 1)
        #expect(scenario.count(.upstreamMismatches) == 1000)
        // What is right over UDP may be a guess that hit.
        try scenario.respond(to: query, answer: wrong)
        #expect(!client.isAnswered)
        let stream = try scenario.next()
        #expect(stream.transport == .tcp)
        try scenario.respond(to: stream, answer: right)
        #expect(try client.read().answer == ["web.east.k8s.corp. 30 A 10.96.0.7"])
        try scenario.ask("other.east.k8s.corp A")
        #expect(try scenario.next().transport == .tcp)
        try scenario.ask("web.west.k8s.corp A")
        #expect(try scenario.next("10.2.0.10").transport == .udp)
    }

    @Test func tenSecondsLaterUDPIsGoodAgain() throws {
        let scenario = try scenario()
        try scenario.ask("web.east.k8s.corp A")
        let query = try scenario.next()
        try flood(scenario, query, 100)
        #expect(scenario.health("10.1.0.10").needsStream(now: scenario.now))
        scenario.pass(seconds: 11)
        scenario.skipSent()
        try scenario.exchange("other.east.k8s.corp A", answer: ["other.cluster.local. 30 A 10.96.0.8"])
        #expect(scenario.sent.last?.transport == .udp)
    }

    @Test func fewWrongMessagesOverALongTimeAreNoFlood() throws {
        let scenario = try scenario()
        for i in 0..<20 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            let query = try scenario.next()
            #expect(query.transport == .udp)
            try flood(scenario, query, 50)
            try scenario.respond(to: query, answer: ["n\(i).cluster.local. 30 A 10.96.0.7"])
            #expect(client.isAnswered)
            scenario.pass(seconds: 11)
        }
        #expect(scenario.count(.forgeryAlarms) == 0)
    }

    @Test func lateAnswersAreNoFlood() throws {
        let scenario = try scenario(hasCache: false)
        var late: [SentQuery] = []
        for i in 0..<500 { try scenario.ask("n\(i).east.k8s.corp A") }
        scenario.pass(4100)
        while !scenario.isQuiet { late.append(try scenario.next()) }
        #expect(late.count > 500)
        for query in late { try scenario.respond(to: query) }
        #expect(scenario.count(.lateResponses) > late.count * 9 / 10)
        #expect(scenario.count(.forgeryAlarms) == 0)
    }

    @Test func aServerWithoutTCPIsAskedOverUDPUnderAFlood() throws {
        let scenario = try scenario()
        try scenario.ask("web.east.k8s.corp A")
        try flood(scenario, try scenario.next(), 200)
        let client = try scenario.ask("other.east.k8s.corp A")
        let stream = try scenario.next()
        #expect(stream.transport == .tcp)
        scenario.breakConnection(of: stream)
        let last = try scenario.next()
        #expect(last.transport == .udp)
        try scenario.respond(to: last, answer: ["other.cluster.local. 30 A 10.96.0.8"])
        #expect(client.isAnswered)
    }

    @Test func wrongMessagesOverTCPAreOnlyCounted() throws {
        var setup = Setup()
        setup.tcpServers = ["10.1.0.10", "10.1.0.11"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.east.k8s.corp A")
        let query = try scenario.next()
        try flood(scenario, query, 1000)
        #expect(scenario.count(.forgeryAlarms) == 0)
        try scenario.respond(to: query, answer: right)
        #expect(client.isAnswered)
    }

    @Test func aFloodForManyQuestionsIsAnsweredWithAtMostOneMoreQueryEach() throws {
        let scenario = try scenario()
        for i in 0..<50 { try scenario.ask("n\(i).east.k8s.corp A") }
        let queries = try (0..<50).map { _ in try scenario.next() }
        for _ in 0..<100 {
            for query in queries {
                try scenario.respond(to: query, answer: wrong) { $0.question = "x.cluster.local A" }
            }
        }
        #expect(scenario.sent.count == 100)
    }
}
