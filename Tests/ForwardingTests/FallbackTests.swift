import DNSWire
import Forwarding
import Metrics
import PresentationFormat
import Routing
import Testing

/// The same server in another manner: without OPT (RFC 6891 §6.2.2), over TCP (RFC 7766 §5).
@Suite struct FallbackTests {
    private let name = "web.shop.svc.east.k8s.corp"
    private let answer = ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]

    // MARK: Without OPT

    @Test(arguments: [ResponseCode.formErr, .notImp, .badVers])
    func aServerThatDoesNotKnowOPTIsAskedWithoutIt(code: ResponseCode) throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), code) { $0.hasOPT = false }
        let again = try scenario.next("10.1.0.10")
        #expect(again.message.edns == nil)
        #expect(again.question == "web.shop.svc.cluster.local A")
        try scenario.respond(to: again, answer: answer) { $0.hasOPT = false }
        let reply = try client.read()
        #expect(reply.answer.count == 1)
        #expect(reply.edns != nil)
    }

    @Test func aServerThatLeavesTheQuestionOutOfFORMERRIsUnderstood() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .formErr) {
            $0.hasOPT = false
            $0.hasQuestion = false
        }
        #expect(try scenario.next("10.1.0.10").message.edns == nil)
    }

    @Test func thatAServerDoesNotKnowOPTIsRememberedForAWhile() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .formErr) { $0.hasOPT = false }
        try scenario.respond(to: try scenario.next("10.1.0.10"), answer: answer) { $0.hasOPT = false }
        scenario.pass(seconds: 899)
        try scenario.ask("x.east.k8s.corp A")
        let plain = try scenario.next("10.1.0.10")
        #expect(plain.message.edns == nil)
        try scenario.respond(to: plain, answer: ["x.cluster.local. 30 A 10.96.0.1"]) { $0.hasOPT = false }
        scenario.pass(seconds: 2)
        try scenario.ask("y.east.k8s.corp A")
        #expect(try scenario.next("10.1.0.10").message.edns != nil)
    }

    @Test func itIsRememberedOfThatServerOnly() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .formErr) { $0.hasOPT = false }
        try scenario.respond(to: try scenario.next("10.1.0.10"), answer: answer) { $0.hasOPT = false }
        try scenario.ask("web.west.k8s.corp A")
        #expect(try scenario.next("10.2.0.10").message.edns != nil)
    }

    @Test(arguments: [ResponseCode.formErr, .notImp])
    func aServerThatFailsWithoutOPTTooDidNotFailBecauseOfIt(code: ResponseCode) throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), code)
        try scenario.respond(to: try scenario.next("10.1.0.10"), code) { $0.hasOPT = false }
        try scenario.respond(to: try scenario.next("10.1.0.11"), answer: answer)
        try scenario.ask("x.east.k8s.corp A")
        #expect(try scenario.next("10.1.0.10").message.edns != nil)
    }

    @Test func refusalsAreNotTakenForIgnoranceOfOPT() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .refused) { $0.hasOPT = false }
        #expect(try scenario.next("10.1.0.11").message.edns != nil)
    }

    @Test func anAnswerWithoutOPTIsAnAnswer() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next(), answer: answer) { $0.hasOPT = false }
        #expect(client.isAnswered)
        try scenario.ask("x.east.k8s.corp A")
        #expect(try scenario.next().message.edns != nil)
    }

    @Test func aServerGetsOneQuestionThreeTimesOverUDPWhateverItAnswers() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.west.k8s.corp A")
        scenario.pass(1000)
        #expect(scenario.sent.count == 3)
        try scenario.respond(to: scenario.sent[2], .formErr) { $0.hasOPT = false }
        scenario.pass(3010)
        #expect(scenario.sent.count == 3)
        #expect(try client.read().errors == ["22 cluster west: 10.2.0.10:53 answered FORMERR"])
    }

    // MARK: Over TCP

    @Test func aTruncatedAnswerIsAskedForAgainOverTCP() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A", isStream: true)
        try scenario.respond(to: try scenario.next("10.1.0.10"), answer: answer) { $0.isTruncated = true }
        #expect(!client.isAnswered)
        let again = try scenario.next("10.1.0.10")
        #expect(again.transport == .tcp)
        #expect(again.message.edns != nil)
        let addresses = (1...200).map { "web.shop.svc.cluster.local. 30 A 10.96.1.\($0)" }
        try scenario.respond(to: again, answer: addresses)
        #expect(try client.read().answer.count == 200)
        #expect(scenario.count(.upstreamTruncations) == 1)
    }

    @Test func aDatagramThatWasCutIsAskedForAgainOverTCP() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        let query = try scenario.next()
        scenario.deliver(try ServerResponse(answer: answer).write(for: query), to: query, isCut: true)
        #expect(try scenario.next("10.1.0.10").transport == .tcp)
    }

    @Test func whatIsInATruncatedAnswerIsNotUsed() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.west.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            .nxDomain,
            answer: ["web.cluster.local. 30 A 10.6.6.6"]
        ) { $0.isTruncated = true }
        try scenario.respond(to: try scenario.next(), answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(try client.read().answer == ["web.west.k8s.corp. 30 A 10.112.0.1"])
    }

    @Test func whenTCPFailsTheNextServerIsAsked() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10")) { $0.isTruncated = true }
        scenario.breakConnection(of: try scenario.next("10.1.0.10"))
        let other = try scenario.next("10.1.0.11")
        #expect(other.transport == .udp)
        try scenario.respond(to: other, answer: answer)
        #expect(client.isAnswered)
    }

    @Test func whenTCPIsSilentTheNextServerIsAsked() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10")) { $0.isTruncated = true }
        let stream = try scenario.next("10.1.0.10")
        scenario.pass(1990)
        #expect(scenario.isQuiet)
        scenario.pass(20)
        _ = try scenario.next("10.1.0.11")
        // The stream's answer still counts.
        try scenario.respond(to: stream, answer: answer)
        #expect(client.isAnswered)
    }

    @Test func whenTCPCannotBeOpenedTheNextServerIsAsked() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        let query = try scenario.next("10.1.0.10")
        scenario.unreachable = ["10.1.0.10"]
        try scenario.respond(to: query) { $0.isTruncated = true }
        _ = try scenario.next("10.1.0.11")
    }

    @Test func aConnectionThatBreaksTakesAllItsQuestionsElsewhere() throws {
        let scenario = try Scenario()
        let clients = try (0..<5).map { try scenario.ask("n\($0).east.k8s.corp A") }
        for i in 0..<5 { try scenario.respond(to: scenario.sent[i]) { $0.isTruncated = true } }
        let streams = scenario.sent[5..<10]
        #expect(streams.allSatisfy { $0.transport == .tcp })
        scenario.skipSent()
        scenario.breakConnection(of: try #require(streams.first))
        for _ in 0..<5 {
            let query = try scenario.next("10.1.0.11")
            let owner = query.message.qname.presentation
            try scenario.respond(to: query, answer: ["\(owner). 30 A 10.96.0.1"])
        }
        for client in clients { #expect(client.isAnswered) }
        #expect(!scenario.hasPending)
    }

    @Test func aServerOfTCPIsAskedOverTCPOnly() throws {
        var setup = Setup()
        setup.tcpServers = ["10.2.0.10"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.west.k8s.corp A")
        let query = try scenario.next("10.2.0.10")
        #expect(query.transport == .tcp)
        try scenario.respond(to: query, answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(client.isAnswered)
    }

    @Test func anAnswerOf64KiBComesThroughWhole() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("big.east.k8s.corp A", isStream: true)
        try scenario.respond(to: try scenario.next()) { $0.isTruncated = true }
        let query = try scenario.next()
        let addresses = (0..<4090).map { "big.cluster.local. 30 A 10.96.\($0 / 256).\($0 % 256)" }
        try scenario.respond(to: query, answer: addresses)
        let reply = try client.read()
        #expect(reply.answer.count == 4090)
        #expect(reply.octets.count > 65_400)
        // From the cache as well, and cut for those who asked over UDP.
        #expect(try scenario.ask("big.east.k8s.corp A", isStream: true).read().answer.count == 4090)
        #expect(try scenario.ask("big.east.k8s.corp A").read().flags.isTruncated)
        #expect(scenario.isQuiet)
    }

    @Test func anAnswerThatOutgrowsAMessageByMappingIsSERVFAIL() throws {
        var setup = Setup()
        setup.clusters = [
            Setup.Cluster("east", ["10.1.0.10"], zone: "a-much-longer-zone.east.k8s.corp", domain: "c.local")
        ]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("x.a-much-longer-zone.east.k8s.corp SRV", isStream: true)
        let query = try scenario.next()
        let targets = (0..<1900).map { "x.c.local. 30 SRV 0 0 80 n\($0).c.local." }
        try scenario.respond(to: query, answer: targets)
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 cluster east: the answer is over 65,535 octets when mapped"])
        #expect(!scenario.hasPending)
    }
}
