import DNSWire
import Forwarding
import Metrics
import PresentationFormat
import Routing
import Testing

/// Servers are asked with letters in random case, and must answer in the same, as far as they can.
@Suite struct NameCaseTests {
    private let name = "web.shop.svc.east.k8s.corp"
    private let asked = "web.shop.svc.cluster.local A"
    private let answer = ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]
    private let hour: UInt64 = 3600

    private func hasCapitals(_ query: SentQuery) -> Bool {
        query.message.qname.bytes.toArray().contains { (65...90).contains($0) }
    }

    /// One cluster with one server, which answers every question in lower case.
    private func folding(tcpServers: Set<String> = []) throws -> Scenario {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("east", ["10.1.0.10"])]
        setup.tcpServers = tcpServers
        return try Scenario(setup)
    }

    /// Asks a new name and answers in lower case whatever is asked; returns the queries that it took.
    private func exchange(_ scenario: Scenario, _ number: Int) throws -> [SentQuery] {
        let client = try scenario.ask("n\(number).east.k8s.corp A")
        var sent: [SentQuery] = []
        while !client.isAnswered {
            let query = try scenario.next()
            sent.append(query)
            try scenario.respond(to: query, answer: ["n\(number).cluster.local. 30 A 10.96.0.7"]) {
                $0.question = "n\(number).cluster.local A"
            }
        }
        #expect(try client.read().answer == ["n\(number).east.k8s.corp. 30 A 10.96.0.7"])
        return sent
    }

    // MARK: Asking

    @Test func lettersHaveRandomCaseOverUDP() throws {
        let scenario = try Scenario()
        var seen: Set<String> = []
        for i in 0..<20 {
            try scenario.ask("web.shop-\(i).svc.east.k8s.corp A")
            let query = try scenario.next()
            #expect(hasCapitals(query))
            #expect(query.question == "web.shop-\(i).svc.cluster.local A")
            seen.insert(query.message.qname.presentation.suffix(19).description)
            let isWellFormed = MessageText.describe(query.message.octets.wireBytes) != nil
            #expect(isWellFormed, "libldns cannot read the query")
        }
        #expect(seen.count > 15)
    }

    @Test func aRetransmissionHasAnotherCase() throws {
        let scenario = try folding()
        try scenario.ask("\(name) A")
        let first = try scenario.next()
        scenario.pass(310)
        let second = try scenario.next()
        #expect(first.message.qname.bytes.toArray() != second.message.qname.bytes.toArray())
        #expect(first.question == second.question)
    }

    @Test func overTCPLettersAreInLowerCase() throws {
        let scenario = try folding(tcpServers: ["10.1.0.10"])
        for i in 0..<8 {
            try scenario.ask("n\(i).east.k8s.corp A")
            #expect(!hasCapitals(try scenario.next()))
        }
    }

    // MARK: Answers

    /// A response to an SRV question whose targets end in pointers to the question, as some servers write them.
    private func compressed(_ query: SentQuery) throws -> [UInt8] {
        var writer = MessageWriter()
        let flags = HeaderFlags(rawValue: HeaderFlags.response | HeaderFlags.recursionDesired)
        writer.begin(
            Header(id: query.message.header.id, flags: flags, answerCount: 2, additionalCount: 1)
        )
        try writer.appendQuestion(query.message.qname, .srv, .internet)
        for target in ["a.web.shop.svc.cluster.local", "b.shop.svc.cluster.local"] {
            let rdata = try writer.beginRecord(query.message.qname, .srv, .internet, ttl: 30)
            for number: UInt16 in [0, 0, 80] { try writer.append(number) }
            try writer.appendName(try DomainName(presentation: target), compress: true)
            try writer.endRecord(rdataOffset: rdata)
        }
        try writer.append(try ResourceRecord(presentation: "a.web.shop.svc.cluster.local. 30 A 10.0.0.1"))
        return writer.bytes.toArray()
    }

    @Test func ourCaseReachesNeitherClientsNorCache() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("_h._TCP.Web.shop.svc.east.k8s.corp SRV")
        let query = try scenario.next()
        scenario.deliver(try compressed(query), to: query)
        let reply = try client.read()
        #expect(reply.question == "_h._TCP.Web.shop.svc.east.k8s.corp SRV")
        #expect(
            reply.answer == [
                "_h._TCP.Web.shop.svc.east.k8s.corp. 30 SRV 0 0 80 a.web.shop.svc.east.k8s.corp.",
                "_h._TCP.Web.shop.svc.east.k8s.corp. 30 SRV 0 0 80 b.shop.svc.east.k8s.corp.",
            ]
        )
        #expect(reply.additional == ["a.web.shop.svc.east.k8s.corp. 30 A 10.0.0.1"])
    }

    @Test func whatAServerMakesOfQNAMEComesInLowerCase() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("www.old.example A")
        let query = try scenario.next("192.0.2.53")
        let label = String(query.message.qname.presentation.prefix(3))
        try scenario.respond(
            to: query,
            answer: [
                "old.example. 60 DNAME new.example.", "www.old.example. 60 CNAME \(label).new.example.",
                "\(label).new.example. 60 A 192.0.2.1",
            ]
        )
        let reply = try client.read()
        #expect(
            reply.answer == [
                "old.example. 60 DNAME new.example.", "www.old.example. 60 CNAME www.new.example.",
                "www.new.example. 60 A 192.0.2.1",
            ]
        )
    }

    // MARK: Another case than asked

    @Test func anotherCaseIsAskedAgainOverTCP() throws {
        let scenario = try folding()
        let client = try scenario.ask("\(name) A")
        let first = try scenario.next()
        try scenario.respond(to: first, answer: ["web.shop.svc.cluster.local. 30 A 10.6.6.6"]) {
            $0.question = self.asked
        }
        #expect(!client.isAnswered)
        let second = try scenario.next()
        #expect(second.transport == .tcp)
        #expect(scenario.count(.wrongCase) == 1)
        #expect(scenario.count(.upstreamMismatches) == 1)
        try scenario.respond(to: second, answer: answer)
        #expect(try client.read().answer == ["\(name). 30 A 10.96.0.7"])
    }

    @Test func theRightCaseCountsWhileTCPIsAsked() throws {
        let scenario = try folding()
        for i in 0..<4 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            let first = try scenario.next()
            try scenario.respond(to: first, answer: ["n\(i).cluster.local. 30 A 10.6.6.6"]) {
                $0.question = "n\(i).cluster.local A"
            }
            #expect(try scenario.next().transport == .tcp)
            try scenario.respond(to: first, answer: ["n\(i).cluster.local. 30 A 10.96.0.7"])
            #expect(try client.read().answer == ["n\(i).east.k8s.corp. 30 A 10.96.0.7"])
        }
        // Whoever forges answers does not have the server believed to fold letters.
        #expect(!scenario.health("10.1.0.10").foldsCase(now: scenario.now))
    }

    @Test func twoConfirmedAnswersPutAServerOnTheList() throws {
        let scenario = try folding()
        #expect(try exchange(scenario, 0).map(\.transport) == [.udp, .tcp])
        #expect(try exchange(scenario, 1).map(\.transport) == [.udp, .tcp])
        #expect(scenario.health("10.1.0.10").foldsCase(now: scenario.now))
        for i in 2..<5 {
            let sent = try exchange(scenario, i)
            #expect(sent.map(\.transport) == [.udp])
            #expect(!hasCapitals(sent[0]))
        }
    }

    @Test func afterAnHourTheServerIsTriedAgain() throws {
        let scenario = try folding()
        for i in 0..<2 { _ = try exchange(scenario, i) }
        scenario.pass(seconds: hour + 1)
        // One answer is enough to know that it is as before.
        #expect(try exchange(scenario, 2).map(\.transport) == [.udp, .tcp])
        #expect(try exchange(scenario, 3).map(\.transport) == [.udp])
        scenario.pass(seconds: hour + 1)
        // Or that it has learnt.
        try scenario.exchange("n4.east.k8s.corp A", answer: ["n4.cluster.local. 30 A 10.96.0.7"])
        #expect(try exchange(scenario, 5).map(\.transport) == [.udp, .tcp])
        #expect(!scenario.health("10.1.0.10").foldsCase(now: scenario.now))
    }

    @Test func aServerWithoutTCPIsBelievedInTheEnd() throws {
        let scenario = try folding()
        for i in 0..<2 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            let answer = ["n\(i).cluster.local. 30 A 10.96.0.7"]
            try scenario.respond(to: try scenario.next(), answer: answer) {
                $0.question = "n\(i).cluster.local A"
            }
            let stream = try scenario.next()
            #expect(stream.transport == .tcp)
            scenario.breakConnection(of: stream)
            let last = try scenario.next()
            #expect(last.transport == .udp && !hasCapitals(last))
            try scenario.respond(to: last, answer: answer)
            #expect(client.isAnswered)
        }
        #expect(try exchange(scenario, 2).map(\.transport) == [.udp])
    }

    @Test func whileTCPIsSilentUDPIsAskedWithoutRandomCase() throws {
        let scenario = try folding()
        for i in 0..<2 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.respond(to: try scenario.next()) { $0.question = "n\(i).cluster.local A" }
            #expect(try scenario.next().transport == .tcp)
            scenario.pass(120)
            let again = try scenario.next()
            #expect(again.transport == .udp && !hasCapitals(again))
            try scenario.respond(to: again)
            #expect(client.isAnswered)
        }
        // From then on it is known.
        let client = try scenario.ask("n2.east.k8s.corp A")
        let query = try scenario.next()
        #expect(!hasCapitals(query))
        try scenario.respond(to: query)
        #expect(client.isAnswered)
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func tcpThatAnswersSoonKeepsUDPOutOfIt() throws {
        let scenario = try folding()
        try scenario.ask("n0.east.k8s.corp A")
        try scenario.respond(to: try scenario.next()) { $0.question = "n0.cluster.local A" }
        let confirmation = try scenario.next()
        scenario.pass(50)
        try scenario.respond(to: confirmation)
        scenario.pass(1000)
        #expect(scenario.isQuiet)
    }

    @Test func otherServersAreNotConcerned() throws {
        let scenario = try folding()
        for i in 0..<2 { _ = try exchange(scenario, i) }
        try scenario.ask("www.example.org A")
        #expect(hasCapitals(try scenario.next("192.0.2.53")))
    }
}
