import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// TTLs and keys of what is kept (RFC 1035 §3.2.1, RFC 2181 §5, RFC 8767 §4).
@Suite struct CachingTests {
    private let name = "web.shop.svc.east.k8s.corp"

    private func scenario(minimum: UInt32 = 0, maximum: UInt32 = 3600) throws -> Scenario {
        var setup = Setup()
        setup.ttls = TTLLimits(minimum: minimum, maximum: maximum)
        return try Scenario(setup)
    }

    private func answer(_ ttl: Int, _ address: String = "10.96.0.7") -> String {
        "web.shop.svc.cluster.local. \(ttl) A \(address)"
    }

    @Test func answersFromCacheWithDecrementedTTL() throws {
        let scenario = try scenario()
        try scenario.exchange("\(name) A", answer: [answer(30)])
        scenario.pass(seconds: 29)
        #expect(try scenario.ask("\(name) A").read().answer == ["\(name). 1 A 10.96.0.7"])
        #expect(scenario.isQuiet)
        #expect(scenario.count(.cacheHits) == 1)
        scenario.pass(seconds: 1)
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func aTTLIsCutToTheMaximum() throws {
        let scenario = try scenario(maximum: 60)
        let reply = try scenario.exchange("\(name) A", answer: [answer(86_400)])
        #expect(reply.answer == ["\(name). 60 A 10.96.0.7"])
        scenario.pass(seconds: 60)
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func aTTLIsRaisedToTheMinimum() throws {
        let scenario = try scenario(minimum: 10)
        let reply = try scenario.exchange("\(name) A", answer: [answer(0)])
        #expect(reply.answer == ["\(name). 10 A 10.96.0.7"])
        scenario.pass(seconds: 9)
        #expect(try scenario.ask("\(name) A").read().answer == ["\(name). 1 A 10.96.0.7"])
    }

    @Test func aTTLWithItsHighBitSetCountsAsLarge() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange("\(name) A", answer: [answer(0x8000_0000)])
        #expect(reply.answer == ["\(name). 3600 A 10.96.0.7"])
    }

    @Test func noTTLIsAboveSevenDays() throws {
        let scenario = try scenario(maximum: .max)
        let reply = try scenario.exchange("\(name) A", answer: [answer(0xFFFF_FFFF)])
        #expect(reply.answer == ["\(name). 604800 A 10.96.0.7"])
    }

    @Test func ttlZeroIsForThisClientOnly() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange("\(name) A", answer: [answer(0)])
        #expect(reply.answer == ["\(name). 0 A 10.96.0.7"])
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }

    @Test func anRRsetHasOneTTLTheLeast() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "\(name) A",
            answer: [answer(30, "10.96.0.1"), answer(5, "10.96.0.2"), answer(60, "10.96.0.3")]
        )
        #expect(reply.answer.allSatisfy { $0.hasPrefix("\(name). 5 A") })
        #expect(reply.answer.count == 3)
    }

    @Test func duplicatesAreLeftOut() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "\(name) MX",
            answer: [
                "web.shop.svc.cluster.local. 30 MX 1 a.cluster.local.",
                "WEB.shop.svc.cluster.local. 30 MX 1 A.Cluster.local.",
                "web.shop.svc.cluster.local. 30 MX 2 a.cluster.local.",
            ]
        )
        #expect(reply.answer.count == 2)
        let addresses = try scenario.exchange(
            "\(name) A",
            answer: [answer(30), answer(30, "10.96.0.8"), answer(30)]
        )
        #expect(addresses.answer.count == 2)
    }

    @Test func rdataThatDiffersInCaseAloneIsNoDuplicateUnlessItIsAName() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "\(name) TXT",
            answer: [
                "web.shop.svc.cluster.local. 30 TXT \"a\"", "web.shop.svc.cluster.local. 30 TXT \"A\"",
            ]
        )
        #expect(reply.answer.count == 2)
    }

    @Test func addressesRotateFromTheCacheAndOtherTypesDoNot() throws {
        let scenario = try scenario()
        let addresses = (1...4).map { answer(30, "10.96.0.\($0)") }
        try scenario.exchange("\(name) A", answer: addresses)
        var first: Set<String> = []
        for _ in 0..<8 {
            let reply = try scenario.ask("\(name) A").read()
            #expect(Set(reply.answer).count == 4)
            first.insert(try #require(reply.answer.first))
        }
        #expect(first.count == 4)
        let targets = (1...4).map { "web.shop.svc.cluster.local. 30 MX \($0) mx.example.org." }
        let reply = try scenario.exchange("\(name) MX", answer: targets)
        for _ in 0..<4 { #expect(try scenario.ask("\(name) MX").read().answer == reply.answer) }
    }

    @Test func anAliasStaysBeforeItsRotatingAddresses() throws {
        let scenario = try scenario()
        try scenario.exchange(
            "ext.east.k8s.corp A",
            answer: ["ext.cluster.local. 30 CNAME web.cluster.local."]
                + (1...3).map { "web.cluster.local. 30 A 10.96.0.\($0)" }
        )
        for _ in 0..<6 {
            let reply = try scenario.ask("ext.east.k8s.corp A").read()
            #expect(reply.answer.first == "ext.east.k8s.corp. 30 CNAME web.east.k8s.corp.")
            #expect(Set(reply.answer).count == 4)
        }
    }

    @Test func withoutACacheEveryQuestionIsAsked() throws {
        var setup = Setup()
        setup.hasCache = false
        let scenario = try Scenario(setup)
        for _ in 0..<3 {
            let reply = try scenario.exchange("\(name) A", answer: [answer(30)])
            #expect(reply.answer.count == 1)
        }
    }

    @Test func aTruncatedHitCountsAsOne() throws {
        let scenario = try scenario()
        try scenario.exchange("\(name) A", answer: (1...40).map { answer(30, "10.96.0.\($0)") })
        let reply = try scenario.ask("\(name) A") { $0.payload = nil }.read()
        #expect(reply.flags.isTruncated)
        #expect(reply.answer.isEmpty)
        #expect(scenario.count(.truncatedReplies) == 1)
    }

    // MARK: Keys

    @Test func doAndCDMatterOnTheDefaultRoute() throws {
        let scenario = try scenario()
        try scenario.exchange("www.example.org A", answer: ["www.example.org. 30 A 192.0.2.1"])
        let changes: [(inout ClientQuestion) -> Void] = [
            { $0.dnssecOK = true }, { $0.checkingDisabled = true },
            {
                $0.dnssecOK = true
                $0.checkingDisabled = true
            },
        ]
        for change in changes {
            let client = try scenario.ask("www.example.org A", change)
            #expect(!client.isAnswered)
            try scenario.respond(
                to: try scenario.next(),
                answer: [
                    "www.example.org. 30 A 192.0.2.1",
                    "www.example.org. 30 RRSIG A 13 3 30 20300101000000 20200101000000 1 example.org. AAAA",
                ]
            )
            let asked = try readMessage(client.asked)
            #expect(try client.read().answer.count == (asked.edns?.dnssecOK == true ? 2 : 1))
            #expect(try scenario.ask("www.example.org A", change).isAnswered)
        }
        #expect(scenario.isQuiet)
    }

    @Test func doAndCDDoNotMatterForAMappedCluster() throws {
        let scenario = try scenario()
        try scenario.exchange("\(name) A", answer: [answer(30)])
        #expect(try scenario.ask("\(name) A") { $0.dnssecOK = true }.read().answer.count == 1)
        #expect(try scenario.ask("\(name) A") { $0.checkingDisabled = true }.read().answer.count == 1)
        #expect(scenario.isQuiet)
    }

    @Test func anAnswerThatClaimsTruncationOverTCPIsNotCached() throws {
        let scenario = try scenario()
        let client = try scenario.ask("x.west.k8s.corp A")
        try scenario.respond(to: try scenario.next()) { $0.isTruncated = true }
        let second = try scenario.next("10.2.0.10")
        #expect(second.transport == .tcp)
        try scenario.respond(to: second, answer: ["x.cluster.local. 30 A 10.112.0.1"]) {
            $0.isTruncated = true
        }
        #expect(try client.read().code == .servFail)
        #expect(try client.read().errors == ["24 cluster west: 10.2.0.10:53 sent a malformed response"])
    }
}
