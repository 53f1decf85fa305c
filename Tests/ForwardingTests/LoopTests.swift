import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// Queries that come back to us end at once, and servers that send them back are left alone.
@Suite struct LoopTests {
    private static let code: UInt16 = 65_153
    private static let hop = 16

    private func scenario(_ servers: [String] = ["10.1.0.10", "10.1.0.11"]) throws -> Scenario {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("east", servers)]
        return try Scenario(setup)
    }

    private func path(_ query: SentQuery) throws -> [UInt8] { try #require(query.option(Self.code)) }

    /// What a server that passes everything on sends to us.
    private func returned(_ query: SentQuery, id: UInt16 = 99) -> [UInt8] {
        [UInt8(id >> 8), UInt8(id & 0xFF)] + query.message.octets.dropFirst(2)
    }

    // MARK: The path

    @Test func everyQueryCarriesOneHop() throws {
        let scenario = try scenario()
        try scenario.ask("web.east.k8s.corp A")
        let first = try path(try scenario.next())
        #expect(first.count == Self.hop)
        try scenario.ask("web.east.k8s.corp AAAA")
        let second = try path(try scenario.next())
        #expect(second.prefix(12) == first.prefix(12))
        #expect(second != first)
        try scenario.ask("www.example.org A")
        #expect(try path(try scenario.next()).prefix(12) != first.prefix(12))
    }

    @Test func aQueryThatComesBackIsRefusedAtOnce() throws {
        let scenario = try scenario()
        let client = try scenario.ask("www.example.org A")
        let query = try scenario.next("192.0.2.53")
        let loop = try scenario.ask(octets: returned(query)).read()
        #expect(loop.code == .servFail)
        #expect(loop.errors == ["0 query loop: server 192.0.2.53:53 sends queries back to us"])
        #expect(scenario.isQuiet)
        #expect(scenario.count(.loopedQueries) == 1)
        // The question itself goes on with another server.
        try scenario.respond(to: query, .servFail)
        let second = try scenario.next("192.0.2.54")
        try scenario.respond(to: second, answer: ["www.example.org. 60 A 192.0.2.1"])
        #expect(try client.read().answer.count == 1)
    }

    @Test func anotherQuestionWithOurHopIsNoLoop() throws {
        // CoreDNS has us resolve an alias of its own, and passes on what came with the question for it.
        let scenario = try scenario()
        try scenario.ask("www.east.k8s.corp A")
        let query = try scenario.next("10.1.0.10")
        try scenario.ask("www.example.org A") {
            $0.options = query.message.options.filter { $0.code == Self.code }
        }
        let alias = try scenario.next("192.0.2.53")
        #expect(try path(alias).prefix(Self.hop) == path(query)[...])
        #expect(try path(alias).count == 2 * Self.hop)
    }

    @Test func theHopOfAnotherProcessIsPassedOn() throws {
        let scenario = try scenario()
        let other = try self.scenario()
        try other.ask("www.example.org A")
        let query = try other.next()
        try scenario.ask(octets: returned(query))
        let onward = try scenario.next()
        #expect(try path(onward).prefix(Self.hop) == path(query)[...])
        // And comes to its end where it began.
        let loop = try other.ask(octets: returned(onward)).read()
        #expect(loop.code == .servFail)
        #expect(loop.errors.first?.contains("query loop") == true)
        #expect(other.isQuiet)
    }

    @Test(arguments: [7, 8, 9, 60]) func afterEightForwardersAQueryIsRefused(hops: Int) throws {
        let scenario = try scenario()
        let client = try scenario.ask("www.example.org A") {
            $0.options = [EDNSOption(code: Self.code, data: Array(repeating: 7, count: hops * Self.hop))]
        }
        if hops < 8 {
            #expect(try path(try scenario.next()).count == 8 * Self.hop)
        } else {
            #expect(scenario.isQuiet)
            let reply = try client.read()
            #expect(reply.code == .refused)
            #expect(reply.errors == ["0 query loop: it came through \(hops) forwarders"])
        }
    }

    @Test(arguments: [0, 1, 15, 17, 1000]) func anOptionOfAnotherShapeIsNotOurs(length: Int) throws {
        let scenario = try scenario()
        try scenario.ask("www.example.org A") {
            $0.options = [EDNSOption(code: Self.code, data: Array(repeating: 7, count: length))]
        }
        #expect(try path(try scenario.next()).count == Self.hop)
    }

    @Test func aForgedHopSwitchesNoServerOff() throws {
        let scenario = try scenario()
        try scenario.ask("www.example.org A")
        let query = try scenario.next()
        // A server knows its own hop; with it, it cannot speak of another.
        for server: UInt8 in [0, 1, 2, 3, 200] {
            var data = try path(query)
            data[3] ^= server
            if server == 0 { data[11] ^= 1 }
            try scenario.ask("www.example.org A") { $0.options = [EDNSOption(code: Self.code, data: data)] }
        }
        var negative = try path(query)
        negative[0] = 0xFF
        try scenario.ask("www.example.org A") { $0.options = [EDNSOption(code: Self.code, data: negative)] }
        #expect(scenario.count(.loopedQueries) == 0)
    }

    @Test func aCachedAnswerIsGivenWhateverThePath() throws {
        let scenario = try scenario()
        try scenario.exchange("www.example.org A", answer: ["www.example.org. 60 A 192.0.2.1"])
        let query = try #require(scenario.sent.last)
        #expect(try scenario.ask(octets: returned(query)).read().answer.count == 1)
    }

    @Test func theTargetOfAnAliasInheritsThePath() throws {
        let scenario = try scenario()
        try scenario.ask("web.east.k8s.corp A") {
            $0.options = [EDNSOption(code: Self.code, data: Array(repeating: 7, count: Self.hop))]
        }
        try scenario.respond(
            to: try scenario.next(),
            answer: ["web.cluster.local. 30 CNAME www.example.org."]
        )
        let target = try scenario.next("192.0.2.53")
        #expect(try path(target).prefix(Self.hop) == Array(repeating: 7, count: Self.hop)[...])
    }

    // MARK: The probe

    @Test func aServerIsProbedOnceAndEveryFiveMinutes() throws {
        let scenario = try scenario()
        for i in 0..<20 {
            try scenario.exchange("n\(i).east.k8s.corp A", .nxDomain)
            #expect(scenario.loopProbes.count == 1)
        }
        scenario.pass(seconds: 299)
        try scenario.exchange("a.east.k8s.corp A", .nxDomain)
        #expect(scenario.loopProbes.count(where: { $0.server == "10.1.0.10" }) == 1)
        scenario.pass(seconds: 2)
        try scenario.exchange("b.east.k8s.corp A", .nxDomain)
        #expect(scenario.loopProbes.count(where: { $0.server == "10.1.0.10" }) == 2)
        // Caches on the way know none of them.
        #expect(Set(scenario.loopProbes.map(\.question)).count == scenario.loopProbes.count)
    }

    @Test func aProbeAsksForWhatTheServerMustKnowItself() throws {
        let scenario = try scenario()
        try scenario.ask("web.east.k8s.corp A")
        #expect(scenario.loopProbes[0].question.hasSuffix(".cluster.local A"))
        try scenario.ask("www.example.org A")
        #expect(scenario.loopProbes[1].question.hasSuffix(".switchyard A"))
    }

    @Test func theAnswerToAProbeIsNoWrongMessage() throws {
        let scenario = try scenario()
        try scenario.ask("web.east.k8s.corp A")
        try scenario.respond(to: scenario.loopProbes[0], .nxDomain)
        #expect(scenario.count(.upstreamMismatches) == 0)
    }

    /// The octets of a server's probe, come back in random case.
    private func returnedProbe(_ scenario: Scenario, _ place: Int) -> [UInt8] {
        var octets = returned(scenario.loopProbes[place])
        for i in stride(from: 13, to: 40, by: 3) where (97...122).contains(octets[i]) { octets[i] ^= 0x20 }
        return octets
    }

    @Test func aProbeThatComesBackSwitchesItsServerOff() throws {
        let scenario = try scenario()
        try scenario.ask("www.example.org A")
        try scenario.respond(to: try scenario.next("192.0.2.53"), answer: ["www.example.org. 60 A 192.0.2.1"])
        let loop = try scenario.ask(octets: returnedProbe(scenario, 0)).read()
        #expect(loop.code == .servFail)
        #expect(scenario.health("192.0.2.53").isLooping(now: scenario.now))
        #expect(scenario.count(.loopingServers) == 1)
        // Only that one.
        try scenario.ask("a.example.org A")
        _ = try scenario.next("192.0.2.54")
        #expect(!scenario.health("192.0.2.54").isLooping(now: scenario.now))
    }

    @Test func whenAllServersLoopTheQuestionFailsAtOnce() throws {
        let scenario = try scenario()
        try scenario.ask("www.example.org A")
        try scenario.respond(to: try scenario.next("192.0.2.53"), .servFail)
        _ = try scenario.next("192.0.2.54")
        for place in 0..<2 { try scenario.ask(octets: returnedProbe(scenario, place)) }
        let reply = try scenario.ask("a.example.org A").read()
        #expect(reply.code == .servFail)
        #expect(reply.errors.first?.contains("sends queries back to us") == true)
        #expect(scenario.isQuiet)
    }

    @Test func tenSecondsLaterTheServerIsTriedAgain() throws {
        let scenario = try scenario(["10.1.0.10"])
        try scenario.ask("web.east.k8s.corp A")
        try scenario.respond(to: try scenario.next(), answer: ["web.cluster.local. 30 A 10.96.0.7"])
        try scenario.ask(octets: returnedProbe(scenario, 0))
        #expect(try scenario.ask("a.east.k8s.corp A").read().code == .servFail)
        scenario.pass(seconds: 9)
        #expect(try scenario.ask("a.east.k8s.corp A").read().code == .servFail)
        scenario.pass(seconds: 2)
        try scenario.exchange("b.east.k8s.corp A", answer: ["b.cluster.local. 30 A 10.96.0.7"])
        // With a probe, so that it is out again at once if nothing has changed.
        #expect(scenario.loopProbes.count == 2)
        try scenario.ask(octets: returnedProbe(scenario, 1))
        #expect(try scenario.ask("c.east.k8s.corp A").read().code == .servFail)
        #expect(scenario.count(.loopingServers) == 2)
    }

    @Test func aQueryThatComesBackHasItsServerProbedSoon() throws {
        let scenario = try scenario()
        for i in 0..<40 {
            try scenario.ask("n\(i).example.org A")
            let query = try scenario.next("192.0.2.53")
            try scenario.ask(octets: returned(query))
            try scenario.respond(to: query, .nxDomain)
            scenario.pass(seconds: 1)
        }
        let probes = scenario.loopProbes.count { $0.server == "192.0.2.53" }
        #expect((3...5).contains(probes), "\(probes)")
        // A server that sends back some questions, but not all, stays.
        #expect(!scenario.health("192.0.2.53").isLooping(now: scenario.now))
    }

    @Test func aForgedProbeSwitchesNoServerOff() throws {
        let scenario = try scenario()
        try scenario.ask("www.example.org A")
        let octets = returned(scenario.loopProbes[0])
        for place in 12..<(12 + 49) where place != 12 {
            var other = octets
            // A hexadecimal digit for another.
            other[place] = other[place] == 0x30 ? 0x31 : 0x30
            try scenario.ask(octets: other)
        }
        let time = 8
        #expect(scenario.count(.loopingServers) <= 1)
        // Only the time, which means nothing, may be changed.
        #expect(scenario.count(.loopedQueries) == time)
    }

    @Test func aLoopOfThousandQueriesLeavesNothingBehind() throws {
        let scenario = try scenario()
        for i in 0..<1000 {
            try scenario.ask("n\(i).example.org A")
            let query = try scenario.next()
            try scenario.ask(octets: returned(query))
            try scenario.respond(to: query, .servFail)
            while !scenario.isQuiet { try scenario.respond(to: try scenario.next(), .servFail) }
        }
        #expect(!scenario.hasPending)
    }
}
