import DNSWire
import Metrics
import Testing

/// Equal questions in flight: one query to the server, each client answered in its own way.
@Suite struct MergingTests {
    private let name = "web.shop.svc.east.k8s.corp"

    @Test func equalQuestionsAreAskedOnce() throws {
        let scenario = try Scenario()
        let clients = try (0..<50).map { i in
            try scenario.ask("\(name) A") { $0.id = UInt16(i) }
        }
        let query = try scenario.next()
        #expect(scenario.isQuiet)
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        for (i, client) in clients.enumerated() {
            let reply = try client.read()
            #expect(reply.header.id.rawValue == UInt16(i))
            #expect(reply.answer == ["\(name). 30 A 10.96.0.7"])
        }
        #expect(scenario.count(.mergedQueries) == 49)
        #expect(!scenario.hasPending)
    }

    @Test func eachClientKeepsItsIDCaseAndEDNS() throws {
        let scenario = try Scenario()
        let plain = try scenario.ask("WEB.shop.svc.east.k8s.corp A") {
            $0.id = 1
            $0.payload = nil
        }
        let signed = try scenario.ask("web.SHOP.svc.east.k8s.corp A") {
            $0.id = 2
            $0.dnssecOK = true
            $0.checkingDisabled = true
        }
        let stream = try scenario.ask("web.shop.SVC.east.k8s.corp A", isStream: true) { $0.id = 3 }
        try scenario.respond(
            to: try scenario.next(),
            answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]
        )
        #expect(scenario.isQuiet)

        let first = try plain.read()
        #expect(first.header.id.rawValue == 1)
        #expect(first.answer == ["WEB.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(first.edns == nil)
        #expect(!first.flags.checkingDisabled)

        let second = try signed.read()
        #expect(second.header.id.rawValue == 2)
        #expect(second.answer == ["web.SHOP.svc.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(second.edns?.dnssecOK == true)
        #expect(second.flags.checkingDisabled)

        let third = try stream.read()
        #expect(third.header.id.rawValue == 3)
        #expect(third.answer == ["web.shop.SVC.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(third.edns?.dnssecOK == false)
    }

    @Test func eachClientGetsWhatFitsItsTransport() throws {
        let scenario = try Scenario()
        let plain = try scenario.ask("\(name) A") { $0.payload = nil }
        let wide = try scenario.ask("\(name) A") { $0.payload = 4096 }
        let stream = try scenario.ask("\(name) A", isStream: true) { $0.payload = nil }
        // 50 addresses are 800 octets.
        let addresses = (1...50).map { "web.shop.svc.cluster.local. 30 A 10.96.0.\($0)" }
        try scenario.respond(to: try scenario.next(), answer: addresses)
        let cut = try plain.read()
        #expect(cut.flags.isTruncated)
        #expect(cut.answer.isEmpty)
        #expect(cut.octets.count <= 512)
        #expect(cut.question == "\(name) A")
        for client in [wide, stream] {
            let reply = try client.read()
            #expect(!reply.flags.isTruncated)
            #expect(reply.answer.count == 50)
        }
        #expect(try wide.read().octets.count <= 1232)
    }

    @Test func aClientThatComesLaterJoins() throws {
        let scenario = try Scenario()
        let first = try scenario.ask("\(name) A")
        scenario.pass(200)
        let second = try scenario.ask("\(name) A")
        try scenario.respond(
            to: try scenario.next(),
            answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]
        )
        #expect(try first.read().answer == (try second.read().answer))
        #expect(scenario.isQuiet)
    }

    @Test(arguments: ["AAAA", "SRV", "ANY"])
    func anotherTypeIsAnotherQuestion(type: String) throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        try scenario.ask("\(name) \(type)")
        _ = try scenario.next()
        _ = try scenario.next()
        #expect(scenario.isQuiet)
    }

    @Test func theSameNameInAnotherClusterIsAnotherQuestion() throws {
        let scenario = try Scenario()
        let east = try scenario.ask("web.shop.svc.east.k8s.corp A")
        let west = try scenario.ask("web.shop.svc.west.k8s.corp A")
        let toEast = try scenario.next("10.1.0.10")
        let toWest = try scenario.next("10.2.0.10")
        #expect(toEast.question == toWest.question)
        try scenario.respond(to: toWest, answer: ["web.shop.svc.cluster.local. 30 A 10.112.0.7"])
        #expect(!east.isAnswered)
        try scenario.respond(to: toEast, answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        #expect(try east.read().answer == ["web.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(try west.read().answer == ["web.shop.svc.west.k8s.corp. 30 A 10.112.0.7"])
        // Nor do they share an entry of the cache.
        #expect(try scenario.ask("web.shop.svc.east.k8s.corp A").read().answer == (try east.read().answer))
        #expect(try scenario.ask("web.shop.svc.west.k8s.corp A").read().answer == (try west.read().answer))
    }

    @Test func aFailureReachesEveryClientInItsOwnWay() throws {
        let scenario = try Scenario()
        let plain = try scenario.ask("WEB.shop.svc.west.k8s.corp A") { $0.payload = nil }
        let wide = try scenario.ask("web.SHOP.svc.west.k8s.corp A") { $0.id = 9 }
        try scenario.respond(to: try scenario.next(), .refused)
        let first = try plain.read()
        #expect(first.code == .servFail)
        #expect(first.question == "WEB.shop.svc.west.k8s.corp A")
        #expect(first.edns == nil)
        let second = try wide.read()
        #expect(second.code == .servFail)
        #expect(second.header.id.rawValue == 9)
        #expect(second.question == "web.SHOP.svc.west.k8s.corp A")
        #expect(second.errors == ["22 cluster west: 10.2.0.10:53 answered REFUSED"])
    }

    @Test func anAnswerWithTTLZeroServesAllWhoWaitAndNobodyElse() throws {
        let scenario = try Scenario()
        let clients = [try scenario.ask("\(name) A"), try scenario.ask("\(name) A")]
        try scenario.respond(
            to: try scenario.next(),
            answer: ["web.shop.svc.cluster.local. 0 A 10.96.0.7"]
        )
        for client in clients { #expect(try client.read().answer == ["\(name). 0 A 10.96.0.7"]) }
        try scenario.ask("\(name) A")
        #expect(!scenario.isQuiet)
    }
}
