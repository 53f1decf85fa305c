import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// A response counts only when address, socket, ID and question match (RFC 5452 §9.1).
@Suite struct MatchingTests {
    private let name = "web.shop.svc.east.k8s.corp"
    private let right = ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]
    private let wrong = ["web.shop.svc.cluster.local. 30 A 10.6.6.6"]

    /// Delivers something that must be ignored, then the right answer, which must still count.
    private func ignores(_ deliver: (Scenario, SentQuery) throws -> Void) throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next("10.1.0.10")
        try deliver(scenario, query)
        #expect(!client.isAnswered)
        #expect(scenario.isQuiet)
        #expect(scenario.count(.upstreamMismatches) == 1)
        try scenario.respond(to: query, answer: right)
        #expect(try client.read().answer == ["\(name). 30 A 10.96.0.7"])
    }

    @Test func aWrongIDIsIgnored() throws {
        try ignores { scenario, query in
            let id = MessageID(rawValue: query.message.header.id.rawValue ^ 1)
            try scenario.respond(to: query, answer: wrong) { $0.id = id }
        }
    }

    @Test func anotherServersAddressIsIgnored() throws {
        try ignores { scenario, query in
            let octets = try ServerResponse(answer: wrong).write(for: query)
            scenario.deliver(octets, to: query, from: UpstreamID(rawValue: query.upstream.rawValue + 1))
        }
    }

    @Test func anotherSocketIsIgnored() throws {
        try ignores { scenario, query in
            let octets = try ServerResponse(answer: wrong).write(for: query)
            scenario.deliver(octets, to: query, via: SocketToken(rawValue: 77))
        }
    }

    @Test func anotherTransportIsIgnored() throws {
        try ignores { scenario, query in
            var other = query
            other.transport = .tcp
            scenario.deliver(try ServerResponse(answer: wrong).write(for: query), to: other)
        }
    }

    @Test(arguments: [
        "web.shop.svc.cluster.local AAAA", "web.shop.svc.east.k8s.corp A", "eb.shop.svc.cluster.local A",
        "x.web.shop.svc.cluster.local A", "cluster.local A",
    ]) func anotherQuestionIsIgnored(question: String) throws {
        try ignores { scenario, query in
            try scenario.respond(to: query, answer: wrong) { $0.question = question }
        }
    }

    @Test func anotherClassIsIgnored() throws {
        try ignores { scenario, query in
            var octets = try ServerResponse(answer: wrong).write(for: query)
            octets[12 + query.message.qname.length + 3] = 3
            scenario.deliver(octets, to: query)
        }
    }

    @Test func aQueryIsNoResponse() throws {
        try ignores { scenario, query in
            var octets = try ServerResponse(answer: wrong).write(for: query)
            octets[2] &= 0x7F
            scenario.deliver(octets, to: query)
        }
    }

    @Test func anotherOpcodeIsIgnored() throws {
        try ignores { scenario, query in
            var octets = try ServerResponse(answer: wrong).write(for: query)
            octets[2] |= 0x28
            scenario.deliver(octets, to: query)
        }
    }

    @Test func aResponseWithoutQuestionIsIgnored() throws {
        try ignores { scenario, query in
            try scenario.respond(to: query, answer: wrong) { $0.hasQuestion = false }
        }
    }

    @Test func twoQuestionsAreIgnored() throws {
        try ignores { scenario, query in
            var octets = try ServerResponse(answer: wrong).write(for: query)
            octets[5] = 2
            scenario.deliver(octets, to: query)
        }
    }

    @Test(arguments: [0, 1, 11, 12, 13, 30]) func aRuntIsIgnored(length: Int) throws {
        try ignores { scenario, query in
            let octets = try ServerResponse(answer: wrong).write(for: query)
            scenario.deliver(Array(octets.prefix(length)), to: query)
        }
    }

    @Test func anAnswerCountsOnce() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next()
        try scenario.respond(to: query, answer: right)
        try scenario.respond(to: query, answer: wrong)
        #expect(client.replies.count == 1)
        #expect(scenario.count(.lateResponses) == 1)
        #expect(scenario.count(.upstreamMismatches) == 0)
        #expect(try scenario.ask("\(name) A").read().answer == ["\(name). 30 A 10.96.0.7"])
    }

    @Test func aGuesserHasOneIDToHit() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next()
        var octets = try ServerResponse(answer: wrong).write(for: query)
        let id = query.message.header.id.rawValue
        for guess in (0..<99).map({ $0 * 661 }) where guess != Int(id) {
            octets[0] = UInt8(guess >> 8)
            octets[1] = UInt8(guess & 0xFF)
            scenario.deliver(octets, to: query)
        }
        #expect(!client.isAnswered)
        try scenario.respond(to: query, answer: right)
        #expect(try client.read().answer == ["\(name). 30 A 10.96.0.7"])
    }

    @Test func anIDInUseIsNotGivenToAnotherQuestion() throws {
        var setup = Setup()
        setup.ids = [5, 5, 5, 6]
        let scenario = try Scenario(setup)
        try scenario.ask("a.west.k8s.corp A")
        try scenario.ask("b.west.k8s.corp A")
        #expect(try scenario.next().message.header.id.rawValue == 5)
        #expect(try scenario.next().message.header.id.rawValue == 6)
    }

    @Test func anIDThatIsUsedAgainKeepsItsNewOwner() throws {
        // The first question's attempt has ended and its ID been given away when the question is settled.
        var setup = Setup()
        setup.ids = [5, 6, 5]
        let scenario = try Scenario(setup)
        let first = try scenario.ask("a.east.k8s.corp A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .servFail)
        let retry = try scenario.next("10.1.0.11")
        let second = try scenario.ask("b.east.k8s.corp A")
        let query = try scenario.next("10.1.0.10")
        #expect(query.message.header.id.rawValue == 5)
        try scenario.respond(to: retry, answer: ["a.cluster.local. 30 A 10.96.0.1"])
        #expect(first.isAnswered)
        try scenario.respond(to: query, answer: ["b.cluster.local. 30 A 10.96.0.2"])
        #expect(try second.read().answer == ["b.east.k8s.corp. 30 A 10.96.0.2"])
    }
}
