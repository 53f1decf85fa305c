import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// DNS cookies towards servers (RFC 7873, RFC 9018).
@Suite struct CookieTests {
    private static let code: UInt16 = 10

    private func scenario() throws -> Scenario {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("east", ["10.1.0.10"]), Setup.Cluster("west", ["10.2.0.10"])]
        return try Scenario(setup)
    }

    private func answer(_ number: Int) -> [String] { ["n\(number).cluster.local. 30 A 10.96.0.7"] }

    private func ask(_ scenario: Scenario, _ number: Int, _ cluster: String = "east") throws -> ClientQuery {
        try scenario.ask("n\(number).\(cluster).k8s.corp A")
    }

    private func cookie(_ query: SentQuery) throws -> [UInt8] { try #require(query.option(Self.code)) }

    /// The option of a response with a server cookie behind the client's.
    private func option(_ query: SentQuery, _ server: [UInt8]) throws -> [EDNSOption] {
        [EDNSOption(code: Self.code, data: Array(try cookie(query).prefix(8)) + server)]
    }

    private let server = (1...16).map { UInt8($0) }

    /// Has the server's cookie learnt.
    private func teach(_ scenario: Scenario, _ server: [UInt8]) throws {
        let client = try ask(scenario, 1000)
        let query = try scenario.next()
        let options = try option(query, server)
        try scenario.respond(to: query, answer: answer(1000)) { $0.options = options }
        #expect(client.isAnswered)
    }

    // MARK: Sending

    @Test func aClientCookieIsSent() throws {
        let scenario = try scenario()
        _ = try ask(scenario, 0)
        let first = try cookie(try scenario.next())
        #expect(first.count == 8)
        _ = try ask(scenario, 1)
        #expect(try cookie(try scenario.next()) == first)
        _ = try ask(scenario, 0, "west")
        #expect(try cookie(try scenario.next()) != first)
    }

    @Test func theClientsOwnCookieStaysBehind() throws {
        let scenario = try scenario()
        let own = EDNSOption(code: Self.code, data: Array(repeating: 0xAA, count: 8))
        try scenario.ask("n0.east.k8s.corp A") { $0.options = [own] }
        #expect(try cookie(try scenario.next()) != own.data)
    }

    @Test(arguments: [8, 9, 15, 16, 23, 31, 32]) func aServerCookieIsSentBack(length: Int) throws {
        let scenario = try scenario()
        let server = (0..<length).map { UInt8($0 * 7 + 1) }
        try teach(scenario, server)
        _ = try ask(scenario, 0)
        let sent = try cookie(try scenario.next())
        #expect(sent.count == 8 + length)
        #expect(Array(sent.dropFirst(8)) == server)
    }

    @Test func aNewServerCookieReplacesTheOld() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        let query = try scenario.next()
        let options = try option(query, Array(repeating: 9, count: 8))
        try scenario.respond(to: query, answer: answer(0)) { $0.options = options }
        #expect(client.isAnswered)
        _ = try ask(scenario, 1)
        #expect(Array(try cookie(try scenario.next()).dropFirst(8)) == Array(repeating: 9, count: 8))
    }

    @Test func theClientCookieChangesWithTime() throws {
        let scenario = try scenario()
        _ = try ask(scenario, 0)
        let first = try cookie(try scenario.next())
        scenario.pass(seconds: 3601)
        scenario.skipSent()
        _ = try ask(scenario, 1)
        let second = try cookie(try scenario.next())
        #expect(second.count == 8)
        #expect(second != first)
    }

    @Test func anAnswerToTheOldClientCookieStillCounts() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        scenario.pass(seconds: 3599)
        let client = try ask(scenario, 0)
        let query = try scenario.next()
        let options = try option(query, server)
        scenario.pass(40)
        scenario.pass(seconds: 1)
        _ = try ask(scenario, 1)
        try scenario.respond(to: query, answer: answer(0)) { $0.options = options }
        #expect(client.isAnswered)
        // But its server cookie is of no use any more.
        scenario.skipSent()
        _ = try ask(scenario, 2)
        #expect(try cookie(try scenario.next()).count == 8)
    }

    @Test func anotherServerWithTheSameNumberGetsAnotherCookie() throws {
        func setup(_ server: String) -> Setup {
            var setup = Setup()
            setup.clusters = [Setup.Cluster("east", [server])]
            return setup
        }
        let scenario = try Scenario(setup("10.1.0.10"))
        try teach(scenario, server)
        let first = try #require(scenario.sent.last)
        try scenario.replace(with: setup("10.1.0.11"))
        scenario.pass(seconds: 31)
        try scenario.replace(with: setup("10.1.0.12"))
        _ = try ask(scenario, 0)
        let second = try scenario.next("10.1.0.12")
        #expect(second.upstream == first.upstream)
        #expect(try cookie(second).count == 8)
        #expect(try cookie(second) != cookie(first))
    }

    // MARK: Wrong cookies

    @Test func aWrongClientCookieIsIgnoredAndAskedAgainOverTCP() throws {
        let scenario = try scenario()
        let client = try ask(scenario, 0)
        let query = try scenario.next()
        var options = try option(query, server)
        options[0].data[3] ^= 1
        try scenario.respond(to: query, answer: ["n0.cluster.local. 30 A 10.6.6.6"]) { $0.options = options }
        #expect(!client.isAnswered)
        #expect(scenario.count(.wrongCookies) == 1)
        #expect(scenario.count(.upstreamMismatches) == 1)
        let stream = try scenario.next()
        #expect(stream.transport == .tcp)
        try scenario.respond(to: stream, answer: answer(0))
        #expect(try client.read().answer == ["n0.east.k8s.corp. 30 A 10.96.0.7"])
    }

    @Test(arguments: [0, 1, 7, 9, 15, 41, 60]) func aCookieOfAWrongLengthIsWrong(length: Int) throws {
        let scenario = try scenario()
        let client = try ask(scenario, 0)
        let query = try scenario.next()
        let own = try cookie(query)
        let data = Array((own + Array(repeating: 1, count: 60)).prefix(length))
        try scenario.respond(to: query, answer: answer(0)) {
            $0.options = [EDNSOption(code: Self.code, data: data)]
        }
        #expect(!client.isAnswered)
        #expect(scenario.count(.wrongCookies) == 1)
    }

    @Test func onceKnownACookieMustBeThere() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        let query = try scenario.next()
        try scenario.respond(to: query, answer: ["n0.cluster.local. 30 A 10.6.6.6"])
        try scenario.respond(to: query, .formErr) { $0.hasOPT = false }
        #expect(!client.isAnswered)
        let stream = try scenario.next()
        #expect(stream.transport == .tcp && scenario.isQuiet)
        // The right answer may still come.
        let options = try option(query, server)
        try scenario.respond(to: query, answer: answer(0)) { $0.options = options }
        #expect(try client.read().answer == ["n0.east.k8s.corp. 30 A 10.96.0.7"])
    }

    @Test func aServerThatHasStoppedToUseCookiesIsBelievedOverTCP() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        try scenario.respond(to: try scenario.next(), answer: answer(0))
        try scenario.respond(to: try scenario.next(), answer: answer(0))
        #expect(client.isAnswered)
        let second = try ask(scenario, 1)
        let query = try scenario.next()
        #expect(query.transport == .udp)
        #expect(try cookie(query).count == 8)
        try scenario.respond(to: query, answer: answer(1))
        #expect(second.isAnswered)
    }

    @Test func machinesWithAndWithoutCookiesBehindOneAddressAreToleratedOverUDP() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let first = try ask(scenario, 0)
        try scenario.respond(to: try scenario.next(), answer: answer(0))
        #expect(!first.isAnswered)
        let confirmation = try scenario.next()
        #expect(confirmation.transport == .tcp)
        let options = try option(confirmation, server)
        try scenario.respond(to: confirmation, answer: answer(0)) { $0.options = options }
        #expect(first.isAnswered)
        // By turns one with and one without.
        for i in 1..<20 {
            let client = try ask(scenario, i)
            let query = try scenario.next()
            #expect(query.transport == .udp)
            let options = i.isMultiple(of: 2) ? try option(query, server) : []
            try scenario.respond(to: query, answer: answer(i)) { $0.options = options }
            #expect(client.isAnswered)
        }
        // One that is not ours stays wrong.
        let last = try ask(scenario, 20)
        let query = try scenario.next()
        let wrong = EDNSOption(code: Self.code, data: Array(repeating: 7, count: 24))
        try scenario.respond(to: query, answer: answer(20)) { $0.options = [wrong] }
        #expect(!last.isAnswered)
    }

    @Test func whatIsSaidOfAServerWithWrongCookiesAndSilentTCP() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        try scenario.respond(to: try scenario.next(), answer: answer(0))
        // Other questions are answered meanwhile, so that the server is up.
        for i in 1..<400 {
            _ = try ask(scenario, i)
            while !scenario.isQuiet {
                let query = try scenario.next()
                guard query.question != "n0.cluster.local A" else { continue }
                let options = try option(query, server)
                try scenario.respond(to: query, answer: answer(i)) { $0.options = options }
            }
            scenario.pass(10)
        }
        scenario.pass(20)
        #expect(
            try client.read().errors == [
                "24 cluster east: 10.1.0.10:53 answered without the right DNS cookie"
            ]
        )
    }

    @Test func aServerThatStoppedAndHasNoTCPIsBelieved() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        try scenario.respond(to: try scenario.next(), answer: answer(0))
        scenario.breakConnection(of: try scenario.next())
        try scenario.respond(to: try scenario.next(), answer: answer(0))
        #expect(client.isAnswered)
        let second = try ask(scenario, 1)
        try scenario.respond(to: try scenario.next(), answer: answer(1))
        #expect(second.isAnswered)
    }

    @Test func aServerThatOnlySendsOurCookieBackNeedNot() throws {
        // CoreDNS does so.
        let scenario = try scenario()
        for i in 0..<4 {
            let client = try ask(scenario, i)
            let query = try scenario.next()
            let own = try cookie(query)
            #expect(own.count == 8)
            try scenario.respond(to: query, answer: answer(i)) {
                if i % 2 == 0 { $0.options = [EDNSOption(code: Self.code, data: own)] }
            }
            #expect(client.isAnswered)
        }
        #expect(scenario.count(.wrongCookies) == 0)
    }

    @Test func aServerWithoutCookiesIsAskedAsBefore() throws {
        let scenario = try scenario()
        for i in 0..<4 {
            let client = try ask(scenario, i)
            try scenario.respond(to: try scenario.next(), answer: answer(i)) { $0.hasOPT = i % 2 == 0 }
            #expect(client.isAnswered)
        }
        #expect(scenario.count(.upstreamMismatches) == 0)
    }

    @Test func withoutOPTThereIsNoCookie() throws {
        let scenario = try scenario()
        let client = try ask(scenario, 0)
        try scenario.respond(to: try scenario.next(), .formErr) { $0.hasOPT = false }
        let plain = try scenario.next()
        #expect(plain.message.edns == nil)
        try scenario.respond(to: plain, answer: answer(0)) { $0.hasOPT = false }
        #expect(client.isAnswered)
    }

    @Test func aTruncatedResponseNeedsNone() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        try scenario.respond(to: try scenario.next()) {
            $0.isTruncated = true
            $0.hasOPT = false
        }
        let stream = try scenario.next()
        #expect(stream.transport == .tcp)
        let options = try option(stream, server)
        try scenario.respond(to: stream, answer: answer(0)) { $0.options = options }
        #expect(client.isAnswered)
    }

    // MARK: BADCOOKIE

    @Test func aRefusedCookieIsReplacedByTheNewOne() throws {
        let scenario = try scenario()
        try teach(scenario, server)
        let client = try ask(scenario, 0)
        let query = try scenario.next()
        let fresh = Array(repeating: UInt8(5), count: 16)
        let options = try option(query, fresh)
        try scenario.respond(to: query, .badCookie) { $0.options = options }
        let second = try scenario.next()
        #expect(second.transport == .udp)
        #expect(Array(try cookie(second).dropFirst(8)) == fresh)
        try scenario.respond(to: second, answer: answer(0)) { $0.options = options }
        #expect(client.isAnswered)
    }

    @Test func aCookieThatIsRefusedTwiceLeadsToTCP() throws {
        let scenario = try scenario()
        let client = try ask(scenario, 0)
        for _ in 0..<2 {
            let query = try scenario.next()
            #expect(query.transport == .udp)
            let options = try option(query, server)
            try scenario.respond(to: query, .badCookie) { $0.options = options }
        }
        let stream = try scenario.next()
        #expect(stream.transport == .tcp)
        let options = try option(stream, server)
        try scenario.respond(to: stream, .badCookie) { $0.options = options }
        #expect(scenario.isQuiet)
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors.first?.contains("BADCOOKIE") == true)
    }
}
