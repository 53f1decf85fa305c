import DNSWire
import Forwarding
import Testing

/// CNAME and DNAME chains that leave their route (RFC 6604 §3, RFC 6672).
@Suite struct ChainTests {
    private let soa = "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"

    // MARK: Inside one route

    @Test func anAliasInsideTheClusterIsOneAnswer() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "a.east.k8s.corp A",
            answer: [
                "a.cluster.local. 30 CNAME b.cluster.local.", "b.cluster.local. 20 CNAME c.cluster.local.",
                "c.cluster.local. 10 A 10.96.0.1",
            ]
        )
        #expect(
            reply.answer == [
                "a.east.k8s.corp. 30 CNAME b.east.k8s.corp.", "b.east.k8s.corp. 20 CNAME c.east.k8s.corp.",
                "c.east.k8s.corp. 10 A 10.96.0.1",
            ]
        )
        #expect(scenario.isQuiet)
    }

    @Test func theOrderOfAServersRecordsDoesNotMatter() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "a.east.k8s.corp A",
            answer: [
                "c.cluster.local. 10 A 10.96.0.1", "b.cluster.local. 20 CNAME c.cluster.local.",
                "a.cluster.local. 30 CNAME b.cluster.local.",
            ]
        )
        #expect(
            reply.answer == [
                "a.east.k8s.corp. 30 CNAME b.east.k8s.corp.", "b.east.k8s.corp. 20 CNAME c.east.k8s.corp.",
                "c.east.k8s.corp. 10 A 10.96.0.1",
            ]
        )
    }

    @Test func aliasesThatAreNotOfTheChainAreLeftOut() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "a.east.k8s.corp A",
            answer: ["a.cluster.local. 30 A 10.96.0.1", "x.cluster.local. 30 CNAME a.cluster.local."]
        )
        #expect(reply.answer == ["a.east.k8s.corp. 30 A 10.96.0.1"])
    }

    @Test func anAliasWhoseTargetTheClusterLeftOutIsAskedForThere() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("a.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: ["a.cluster.local. 30 CNAME b.cluster.local."]
        )
        let query = try scenario.next("10.1.0.10")
        #expect(query.question == "b.cluster.local A")
        try scenario.respond(to: query, answer: ["b.cluster.local. 20 A 10.96.0.1"])
        #expect(
            try client.read().answer == [
                "a.east.k8s.corp. 30 CNAME b.east.k8s.corp.", "b.east.k8s.corp. 20 A 10.96.0.1",
            ]
        )
    }

    @Test func aQuestionForTheAliasItselfIsNotFollowed() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "a.east.k8s.corp CNAME",
            answer: ["a.cluster.local. 30 CNAME www.example.org."]
        )
        #expect(reply.answer == ["a.east.k8s.corp. 30 CNAME www.example.org."])
        #expect(scenario.isQuiet)
    }

    @Test func anAliasOfItselfIsALoop() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "a.east.k8s.corp A",
            answer: ["a.cluster.local. 30 CNAME a.cluster.local."]
        )
        #expect(reply.code == .servFail)
        #expect(reply.errors.count == 1)
        #expect(!scenario.hasPending)
    }

    @Test(arguments: [(10, ResponseCode.noError), (11, .servFail)])
    func aChainHasTenLinksAndNoMore(links: Int, code: ResponseCode) throws {
        let scenario = try Scenario()
        let aliases = (0..<links).map { "n\($0).cluster.local. 30 CNAME n\($0 + 1).cluster.local." }
        let reply = try scenario.exchange(
            "n0.east.k8s.corp A",
            answer: aliases + ["n\(links).cluster.local. 30 A 10.96.0.1"]
        )
        #expect(reply.code == code)
        if code == .noError {
            #expect(reply.answer.count == 11)
        } else {
            #expect(reply.errors == ["0 CNAME chain has more than 10 links"])
        }
    }

    // MARK: Into the default route

    @Test func anExternalNameWithItsAddressesIsOneAnswer() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "ext.shop.svc.east.k8s.corp A",
            answer: [
                "ext.shop.svc.cluster.local. 5 CNAME www.example.org.", "www.example.org. 30 A 192.0.2.1",
            ]
        )
        #expect(
            reply.answer == [
                "ext.shop.svc.east.k8s.corp. 5 CNAME www.example.org.", "www.example.org. 30 A 192.0.2.1",
            ]
        )
        #expect(scenario.isQuiet)
    }

    @Test(arguments: [ResponseCode.noError, .servFail, .nxDomain])
    func anExternalNameWithoutAddressesIsResolvedByTheDefaultRoute(code: ResponseCode) throws {
        // CoreDNS without a way out gives the CNAME with any of these.
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            code,
            answer: ["ext.cluster.local. 5 CNAME www.example.org."],
            authority: code == .nxDomain ? [soa] : []
        )
        #expect(!client.isAnswered)
        let query = try scenario.next("192.0.2.53")
        #expect(query.question == "www.example.org A")
        try scenario.respond(to: query, answer: ["www.example.org. 30 A 192.0.2.1"])
        let reply = try client.read()
        #expect(reply.code == .noError)
        #expect(
            reply.answer == [
                "ext.east.k8s.corp. 5 CNAME www.example.org.", "www.example.org. 30 A 192.0.2.1",
            ]
        )
        // The whole and the part are both in the cache.
        #expect(try scenario.ask("ext.east.k8s.corp A").read().answer == reply.answer)
        #expect(try scenario.ask("www.example.org A").read().answer == [reply.answer[1]])
        #expect(scenario.isQuiet)
        #expect(!scenario.hasPending)
        scenario.pass(seconds: 5)
        try scenario.ask("ext.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func aTargetInTheCacheIsNotAskedForAgain() throws {
        let scenario = try Scenario()
        try scenario.exchange("www.example.org A", answer: ["www.example.org. 30 A 192.0.2.1"])
        scenario.pass(seconds: 10)
        let reply = try scenario.exchange(
            "ext.east.k8s.corp A",
            answer: ["ext.cluster.local. 60 CNAME www.example.org."]
        )
        #expect(
            reply.answer == [
                "ext.east.k8s.corp. 60 CNAME www.example.org.", "www.example.org. 20 A 192.0.2.1",
            ]
        )
        #expect(scenario.isQuiet)
        // Not a second longer than its target.
        scenario.pass(seconds: 20)
        try scenario.ask("ext.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func theRCODEIsThatOfTheLastName() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["ext.cluster.local. 30 CNAME nope.example.org."]
        )
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            .nxDomain,
            authority: ["example.org. 30 SOA ns.example.org. host.example.org. 1 2 3 4 30"]
        )
        let reply = try client.read()
        #expect(reply.code == .nxDomain)
        #expect(reply.answer == ["ext.east.k8s.corp. 30 CNAME nope.example.org."])
        #expect(reply.authority == ["example.org. 5 SOA ns.example.org. host.example.org. 1 2 3 4 30"])
        #expect(try scenario.ask("ext.east.k8s.corp A").read().code == .nxDomain)
        #expect(scenario.isQuiet)
    }

    @Test func aDenialThatMayNotBeCachedIsNotCachedAtAChainsEnd() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["ext.cluster.local. 30 CNAME www.example.org."]
        )
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            .nxDomain,
            answer: ["www.example.org. 30 CNAME nope.example.org."]
        )
        let reply = try client.read()
        #expect(reply.code == .nxDomain)
        #expect(reply.answer.count == 2)
        try scenario.ask("ext.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func aTargetThatFailsMakesTheChainFail() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["ext.cluster.local. 30 CNAME www.example.org."]
        )
        try scenario.respond(to: try scenario.next("192.0.2.53"), .servFail)
        try scenario.respond(to: try scenario.next("192.0.2.54"), .servFail)
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.answer.isEmpty)
        #expect(
            reply.errors == [
                "22 default route: 192.0.2.54:53 answered SERVFAIL, and none of the others answered"
            ]
        )
        #expect(!scenario.hasPending)
    }

    @Test func aTargetThatHangsFailsByTheFirstQuestionsDeadline() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        scenario.pass(200)
        try scenario.respond(
            to: try scenario.next(),
            answer: ["ext.cluster.local. 30 CNAME www.example.org."]
        )
        // Servers that answer others are up.
        for i in 0..<379 {
            try scenario.ask("n\(i).example.org A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                if query.question != "www.example.org A" { try scenario.respond(to: query) }
            }
            scenario.pass(10)
        }
        #expect(!client.isAnswered)
        scenario.pass(20)
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 cluster east: the target of a CNAME was not resolved in time"])
        scenario.pass(1000)
        #expect(!scenario.hasPending)
    }

    @Test func severalChainsToOneTargetAskForItOnce() throws {
        let scenario = try Scenario()
        let clients = try (0..<5).map { try scenario.ask("ext\($0).east.k8s.corp A") }
        for i in 0..<5 {
            try scenario.respond(
                to: scenario.sent[i],
                answer: ["ext\(i).cluster.local. 30 CNAME www.example.org."]
            )
        }
        #expect(scenario.sent.count == 6)
        try scenario.respond(to: scenario.sent[5], answer: ["www.example.org. 30 A 192.0.2.1"])
        for (i, client) in clients.enumerated() {
            #expect(
                try client.read().answer == [
                    "ext\(i).east.k8s.corp. 30 CNAME www.example.org.", "www.example.org. 30 A 192.0.2.1",
                ]
            )
        }
        #expect(!scenario.hasPending)
    }

    @Test func aClientMayJoinAQuestionWhoseTargetIsBeingResolved() throws {
        let scenario = try Scenario()
        try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["ext.cluster.local. 30 CNAME www.example.org."]
        )
        let late = try scenario.ask("EXT.east.k8s.corp A")
        try scenario.respond(to: try scenario.next(), answer: ["www.example.org. 30 A 192.0.2.1"])
        #expect(
            try late.read().answer == [
                "EXT.east.k8s.corp. 30 CNAME www.example.org.", "www.example.org. 30 A 192.0.2.1",
            ]
        )
    }

    // MARK: Into a cluster

    @Test func aPublicAliasOfAClustersNameIsResolvedInTheCluster() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("www.example.org A")
        // What the default server says of the cluster's name is not believed.
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            answer: [
                "www.example.org. 30 CNAME web.shop.svc.east.k8s.corp.",
                "web.shop.svc.east.k8s.corp. 30 A 10.6.6.6",
            ]
        )
        let query = try scenario.next("10.1.0.10")
        #expect(query.question == "web.shop.svc.cluster.local A")
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        #expect(
            try client.read().answer == [
                "www.example.org. 30 CNAME web.shop.svc.east.k8s.corp.",
                "web.shop.svc.east.k8s.corp. 30 A 10.96.0.7",
            ]
        )
    }

    @Test func anAliasIntoAnotherClusterIsResolvedThere() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: [
                "ext.cluster.local. 30 CNAME web.shop.svc.west.k8s.corp.",
                "web.shop.svc.west.k8s.corp. 30 A 10.6.6.6",
            ]
        )
        let query = try scenario.next("10.2.0.10")
        #expect(query.question == "web.shop.svc.cluster.local A")
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.112.0.7"])
        #expect(
            try client.read().answer == [
                "ext.east.k8s.corp. 30 CNAME web.shop.svc.west.k8s.corp.",
                "web.shop.svc.west.k8s.corp. 30 A 10.112.0.7",
            ]
        )
        // What east said of west's name is nowhere.
        #expect(
            try scenario.ask("web.shop.svc.west.k8s.corp A").read().answer == [
                "web.shop.svc.west.k8s.corp. 30 A 10.112.0.7"
            ]
        )
    }

    @Test func anAliasByTheClustersClientNameIsAskedThereAsEverybodyAsks() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("ext.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: ["ext.cluster.local. 30 CNAME web.shop.svc.east.k8s.corp."]
        )
        let query = try scenario.next("10.1.0.10")
        #expect(query.question == "web.shop.svc.cluster.local A")
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        #expect(try client.read().answer.count == 2)
    }

    @Test func aChainMayLeaveAndComeBack() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("a.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: ["a.cluster.local. 30 CNAME b.example.org."]
        )
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            answer: ["b.example.org. 30 CNAME c.west.k8s.corp."]
        )
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: ["c.cluster.local. 30 CNAME d.east.k8s.corp."]
        )
        try scenario.respond(to: try scenario.next("10.1.0.10"), answer: ["d.cluster.local. 30 A 10.96.0.1"])
        #expect(
            try client.read().answer == [
                "a.east.k8s.corp. 30 CNAME b.example.org.", "b.example.org. 30 CNAME c.west.k8s.corp.",
                "c.west.k8s.corp. 30 CNAME d.east.k8s.corp.", "d.east.k8s.corp. 30 A 10.96.0.1",
            ]
        )
        #expect(!scenario.hasPending)
    }

    @Test func theTargetsClusterMapsItsOwnNames() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("a.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["a.cluster.local. 30 CNAME b.west.k8s.corp."]
        )
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: ["b.cluster.local. 30 CNAME c.cluster.local.", "c.cluster.local. 30 A 10.112.0.1"]
        )
        #expect(
            try client.read().answer == [
                "a.east.k8s.corp. 30 CNAME b.west.k8s.corp.", "b.west.k8s.corp. 30 CNAME c.west.k8s.corp.",
                "c.west.k8s.corp. 30 A 10.112.0.1",
            ]
        )
    }

    // MARK: Local names

    @Test func anAliasOfALocalNameIsAnsweredHere() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "a.east.k8s.corp A",
            answer: ["a.cluster.local. 30 CNAME localhost.", "localhost. 30 A 10.6.6.6"]
        )
        #expect(
            reply.answer == ["a.east.k8s.corp. 30 CNAME localhost.", "localhost. 3600 A 127.0.0.1"]
        )
        #expect(!reply.flags.isAuthoritative)
        #expect(scenario.isQuiet)
    }

    @Test(arguments: ["web.esat.k8s.corp", "web.shop.svc.cluster.local", "x.invalid"])
    func anAliasOfANameThatExistsNowhereIsNXDOMAIN(target: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "www.example.org A",
            answer: ["www.example.org. 30 CNAME \(target).", "\(target). 30 A 10.6.6.6"]
        )
        #expect(reply.code == .nxDomain)
        #expect(reply.answer == ["www.example.org. 30 CNAME \(target)."])
        #expect(reply.authority.count == 1)
        #expect(scenario.isQuiet)
    }

    // MARK: Loops and lengths across routes

    @Test func aLoopOverTwoRoutesEnds() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("a.east.k8s.corp A")
        try scenario.respond(
            to: try scenario.next("10.1.0.10"),
            answer: ["a.cluster.local. 30 CNAME b.west.k8s.corp."]
        )
        try scenario.respond(
            to: try scenario.next("10.2.0.10"),
            answer: ["b.cluster.local. 30 CNAME a.east.k8s.corp."]
        )
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 CNAME chain is a loop"])
        #expect(!scenario.hasPending)
        #expect(scenario.isQuiet)
    }

    @Test func twoQuestionsThatWaitForEachOtherEnd() throws {
        let scenario = try Scenario()
        let first = try scenario.ask("a.east.k8s.corp A")
        let second = try scenario.ask("b.west.k8s.corp A")
        let toEast = try scenario.next("10.1.0.10")
        let toWest = try scenario.next("10.2.0.10")
        try scenario.respond(to: toEast, answer: ["a.cluster.local. 30 CNAME b.west.k8s.corp."])
        try scenario.respond(to: toWest, answer: ["b.cluster.local. 30 CNAME a.east.k8s.corp."])
        #expect(try first.read().code == .servFail)
        #expect(try second.read().code == .servFail)
        #expect(!scenario.hasPending)
    }

    @Test func aChainOverRoutesHasTenLinksAndNoMore() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("n0.east.k8s.corp A")
        var asked = 0
        while !client.isAnswered, asked < 20 {
            let query = try scenario.next()
            let target = asked % 2 == 0 ? "west" : "east"
            try scenario.respond(
                to: query,
                answer: ["n\(asked).cluster.local. 30 CNAME n\(asked + 1).\(target).k8s.corp."]
            )
            asked += 1
        }
        #expect(asked == 11)
        let reply = try client.read()
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 CNAME chain has more than 10 links"])
        #expect(!scenario.hasPending)
    }

    @Test func aChainDoesNotGrowThroughTheCache() throws {
        // Each question finds the last one's whole chain in the cache and adds a link of its own.
        let scenario = try Scenario()
        try scenario.exchange("n0.east.k8s.corp A", answer: ["n0.cluster.local. 300 A 10.96.0.1"])
        for i in 1...10 {
            let (here, there) = i % 2 == 0 ? ("east", "west") : ("west", "east")
            let reply = try scenario.exchange(
                "n\(i).\(here).k8s.corp A",
                answer: ["n\(i).cluster.local. 300 CNAME n\(i - 1).\(there).k8s.corp."]
            )
            #expect(reply.answer.count == i + 1)
        }
        let reply = try scenario.exchange(
            "n11.west.k8s.corp A",
            answer: ["n11.cluster.local. 300 CNAME n10.east.k8s.corp."]
        )
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 CNAME chain has more than 10 links"])
    }

    @Test func lateResponsesDoNotRestartAChain() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("a.east.k8s.corp A")
        let first = try scenario.next("10.1.0.10")
        scenario.pass(310)
        let second = try scenario.next("10.1.0.11")
        try scenario.respond(to: second, answer: ["a.cluster.local. 30 CNAME www.example.org."])
        try scenario.respond(to: first, answer: ["a.cluster.local. 30 A 10.6.6.6"])
        #expect(!client.isAnswered)
        try scenario.respond(
            to: try scenario.next("192.0.2.53"),
            answer: ["www.example.org. 30 A 192.0.2.1"]
        )
        #expect(try client.read().answer.count == 2)
    }

    // MARK: DNAME

    @Test func aDNAMEIsMappedWithTheAliasThatItMakes() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "web.old.svc.east.k8s.corp A",
            answer: [
                "old.svc.cluster.local. 30 DNAME new.svc.cluster.local.",
                "web.old.svc.cluster.local. 30 CNAME web.new.svc.cluster.local.",
                "web.new.svc.cluster.local. 30 A 10.96.0.1",
            ]
        )
        #expect(
            reply.answer == [
                "old.svc.east.k8s.corp. 30 DNAME new.svc.east.k8s.corp.",
                "web.old.svc.east.k8s.corp. 30 CNAME web.new.svc.east.k8s.corp.",
                "web.new.svc.east.k8s.corp. 30 A 10.96.0.1",
            ]
        )
    }

    @Test(arguments: ["local. 30 DNAME evil.example.", ". 30 DNAME evil.example."])
    func aDNAMEAboveTheClusterIsLeftOut(record: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "web.east.k8s.corp A",
            answer: [
                record, "web.cluster.local. 30 CNAME web.cluster.evil.example.",
                "web.cluster.evil.example. 30 A 192.0.2.1",
            ]
        )
        #expect(
            reply.answer == [
                "web.east.k8s.corp. 30 CNAME web.cluster.evil.example.",
                "web.cluster.evil.example. 30 A 192.0.2.1",
            ]
        )
    }

    @Test func aDNAMEThatMakesTheNameTooLongIsPassedOn() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.example.org A")
        try scenario.respond(
            to: try scenario.next(),
            .yxDomain,
            answer: ["example.org. 30 DNAME example.com.", "web.example.org. 30 CNAME web.example.com."]
        )
        #expect(try client.read().code == .yxDomain)
    }

    @Test func aQuestionForTheDNAMEItselfIsAnswered() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "old.svc.east.k8s.corp DNAME",
            answer: ["old.svc.cluster.local. 30 DNAME new.svc.cluster.local."]
        )
        #expect(reply.answer == ["old.svc.east.k8s.corp. 30 DNAME new.svc.east.k8s.corp."])
    }
}
