import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Which server is asked when, and what is said when none answers (RFC 9520 §3.1, RFC 8914).
@Suite struct RetransmissionTests {
    private let name = "web.shop.svc.east.k8s.corp"
    private let answer = ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]

    /// Sends as `10.1.0.10 300`, times in milliseconds since the first, rounded down to 100.
    private func timetable(_ scenario: Scenario) -> [String] {
        let start = scenario.sent.first?.sentAt ?? 0
        return scenario.sent.map { "\($0.server) \(($0.sentAt - start) / 100 * 100)" }
    }

    // MARK: Silence

    @Test func twoSilentServersAreAskedInTurnAndLessAndLessOften() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        scenario.pass(2990)
        #expect(!client.isAnswered)
        scenario.pass(20)
        #expect(
            timetable(scenario) == [
                "10.1.0.10 0", "10.1.0.11 300", "10.1.0.10 600", "10.1.0.11 1200", "10.1.0.11 1800",
                "10.1.0.10 3000",
            ]
        )
        // By then both are down.
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["22 cluster east: all servers are down, 10.1.0.10:53 timed out"])
        scenario.pass(1000)
        #expect(!scenario.hasPending)
    }

    @Test func oneSilentServerIsAskedThreeTimes() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.west.k8s.corp A")
        scenario.pass(4010)
        #expect(scenario.sent.count == 3)
        #expect(
            try client.read().errors == ["22 cluster west: all servers are down, 10.2.0.10:53 timed out"]
        )
        #expect(scenario.count(.upstreamTimeouts) == 3)
    }

    @Test func noServerIsAskedMoreThanThreeTimesAndNoQuestionMoreThanEight() throws {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("east", (1...6).map { "10.1.0.\($0)" })]
        let scenario = try Scenario(setup)
        try scenario.ask("\(name) A")
        scenario.pass(4010)
        #expect(scenario.sent.count <= ForwardingLimits.attemptsMax)
        let perServer = Dictionary(grouping: scenario.sent, by: \.server)
        #expect(perServer.count == 6)
        #expect(perServer.values.allSatisfy { $0.count <= 3 })
    }

    @Test func aQuestionEndsByItsDeadlineWhateverHappens() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        for _ in 0..<39 {
            scenario.pass(100)
            for query in scenario.sent where scenario.now - query.sentAt < 100 {
                // Answers that match nothing.
                scenario.deliver(
                    try ServerResponse(answer: answer, id: MessageID(rawValue: 1)).write(for: query),
                    to: query
                )
            }
        }
        scenario.pass(110)
        #expect(try client.read().code == .servFail)
        #expect(!scenario.hasPending)
    }

    @Test func aRetransmissionHasAnIDOfItsOwn() throws {
        let scenario = try Scenario()
        try scenario.ask("web.west.k8s.corp A")
        scenario.pass(4000)
        #expect(Set(scenario.sent.map(\.message.header.id)).count == 3)
        #expect(Set(scenario.sent.map(\.question)).count == 1)
    }

    @Test func theSecondServersAnswerIsAnAnswer() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        scenario.pass(310)
        _ = try scenario.next("10.1.0.10")
        try scenario.respond(to: try scenario.next("10.1.0.11"), answer: answer)
        #expect(try client.read().answer.count == 1)
        #expect(!scenario.hasPending)
    }

    @Test func aLateAnswerOfTheFirstServerIsStillGood() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let first = try scenario.next("10.1.0.10")
        scenario.pass(1000)
        try scenario.respond(to: first, answer: answer)
        #expect(try client.read().answer.count == 1)
        // And those of the others come too late for anything.
        try scenario.respond(to: try scenario.next("10.1.0.11"), answer: answer)
        #expect(scenario.count(.lateResponses) == 1)
        #expect(scenario.count(.upstreamMismatches) == 0)
    }

    @Test func anAnswerAfterTheDeadlineIsIgnored() throws {
        let scenario = try Scenario()
        try scenario.ask("web.west.k8s.corp A")
        let query = try scenario.next()
        scenario.pass(4010)
        try scenario.respond(to: query, answer: ["web.cluster.local. 30 A 10.112.0.1"])
        #expect(scenario.count(.lateResponses) == 1)
        #expect(scenario.count(.upstreamMismatches) == 0)
        #expect(try scenario.ask("web.west.k8s.corp A").read().code == .servFail)
    }

    @Test func oneClustersSilenceDoesNotSlowAnother() throws {
        let scenario = try Scenario()
        for i in 0..<20 { try scenario.ask("n\(i).west.k8s.corp A") }
        scenario.pass(2000)
        scenario.skipSent()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), answer: answer)
        #expect(client.isAnswered)
    }

    @Test func aMeasuredServerIsWaitedForLessLong() throws {
        let scenario = try Scenario()
        for i in 0..<10 {
            try scenario.ask("n\(i).east.k8s.corp A")
            scenario.pass(2)
            try scenario.respond(
                to: try scenario.next("10.1.0.10"),
                answer: ["n\(i).cluster.local. 30 A 10.96.0.1"]
            )
        }
        try scenario.ask("n10.east.k8s.corp A")
        _ = try scenario.next("10.1.0.10")
        scenario.pass(48)
        #expect(scenario.isQuiet)
        scenario.pass(14)
        _ = try scenario.next("10.1.0.11")
    }

    // MARK: Answers that are none

    @Test(arguments: [ResponseCode.servFail, .refused, .notImp, .formErr, ResponseCode(rawValue: 9)])
    func aServerThatCannotAnswerIsFollowedByTheNext(code: ResponseCode) throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), code)
        var query = try scenario.next()
        if query.server == "10.1.0.10" {
            // FORMERR and NOTIMP are tried again without OPT.
            #expect(query.message.edns == nil)
            try scenario.respond(to: query, code) { $0.hasOPT = false }
            query = try scenario.next()
        }
        #expect(query.server == "10.1.0.11")
        #expect(query.sentAt == scenario.now)
        try scenario.respond(to: query, answer: answer)
        #expect(try client.read().answer.count == 1)
    }

    @Test func nxdomainIsNotFollowedByTheNext() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next(), .nxDomain)
        #expect(try client.read().code == .nxDomain)
        #expect(scenario.isQuiet)
    }

    @Test func aReferralIsNoAnswer() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("x.west.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            authority: ["cluster.local. 30 NS ns.cluster.local."],
            additional: ["ns.cluster.local. 30 A 10.112.0.1"]
        )
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["24 cluster west: 10.2.0.10:53 sent a referral, not an answer"])
    }

    @Test func garbageBehindTheQuestionIsFollowedByTheNextServer() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next("10.1.0.10")
        var octets = try ServerResponse(answer: answer).write(for: query)
        octets.removeLast(20)
        scenario.deliver(octets, to: query)
        try scenario.respond(to: try scenario.next("10.1.0.11"), answer: answer)
        #expect(try client.read().answer.count == 1)
    }

    @Test func whenAllRefuseTheClientIsNotRefused() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .refused)
        try scenario.respond(to: try scenario.next("10.1.0.11"), .refused)
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(
            reply.errors == [
                "22 cluster east: 10.1.0.11:53 answered REFUSED, and none of the others answered"
            ]
        )
        #expect(scenario.sent.count == 2)
    }

    @Test func aRefusalDoesNotEndTheWaitForAnother() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let first = try scenario.next("10.1.0.10")
        scenario.pass(310)
        try scenario.respond(to: try scenario.next("10.1.0.11"), .refused)
        #expect(!client.isAnswered)
        try scenario.respond(to: first, answer: answer)
        #expect(try client.read().answer.count == 1)
    }

    @Test func aServerThatRefusedIsNotAskedAgain() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.10"), .refused)
        scenario.pass(4010)
        #expect(scenario.sent.filter { $0.server == "10.1.0.10" }.count == 1)
        #expect(scenario.sent.filter { $0.server == "10.1.0.11" }.count == 3)
    }

    // MARK: The network

    @Test func aServerThatCannotBeSentToIsPassedOver() throws {
        let scenario = try Scenario()
        scenario.unreachable = ["10.1.0.10"]
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next("10.1.0.11"), answer: answer)
        #expect(client.isAnswered)
    }

    @Test func whenNoServerCanBeSentToTheClientHearsAtOnce() throws {
        let scenario = try Scenario()
        scenario.unreachable = ["10.2.0.10"]
        let reply = try scenario.ask("web.west.k8s.corp A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["23 cluster west: 10.2.0.10:53 cannot be reached"])
        #expect(!scenario.hasPending)
    }

    @Test func aRouteWithoutServersFails() throws {
        var setup = Setup()
        setup.defaultServers = []
        let reply = try Scenario(setup).ask("www.example.org A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["22 default route: no server could be asked"])
    }

    @Test func aSocketThatFailsIsFollowedByTheNextServer() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        let query = try scenario.next("10.1.0.10")
        scenario.breakConnection(of: query)
        try scenario.respond(to: try scenario.next("10.1.0.11"), answer: answer)
        #expect(client.isAnswered)
        // Once is enough.
        scenario.breakConnection(of: query)
        #expect(scenario.isQuiet)
    }
}
