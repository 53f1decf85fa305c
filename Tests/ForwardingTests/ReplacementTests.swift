import DNSWire
import Routing
import Testing

@testable import Forwarding

/// Routes and servers change while queries are in flight.
@Suite struct ReplacementTests {
    private let question = "web.shop.svc.east.k8s.corp A"
    private let answer = ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]

    /// A setup in which `change` was made to cluster east.
    private func setup(_ change: (inout Setup.Cluster) -> Void) -> Setup {
        var setup = Setup()
        change(&setup.clusters[0])
        return setup
    }

    @Test func aQueryInFlightIsFinishedAsItBegan() throws {
        let scenario = try Scenario()
        let client = try scenario.ask(question)
        let query = try scenario.next("10.1.0.10")
        try scenario.replace(with: setup { $0.domain = "cluster.east" })
        try scenario.respond(to: query, answer: answer)
        #expect(try client.read().answer == ["web.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
    }

    @Test func aQueryInFlightIsSentAgainToTheServersThatItBeganWith() throws {
        let scenario = try Scenario()
        let client = try scenario.ask(question)
        _ = try scenario.next("10.1.0.10")
        try scenario.replace(with: setup { $0.servers = ["10.1.0.99"] })
        scenario.pass(400)
        let second = try scenario.next("10.1.0.11")
        try scenario.respond(to: second, answer: answer)
        #expect(try client.read().code == .noError)
    }

    @Test func theNextQueryGoesTheNewWay() throws {
        let scenario = try Scenario()
        try scenario.ask("a.shop.svc.east.k8s.corp A")
        let before = try scenario.next("10.1.0.10")
        try scenario.replace(with: setup { $0.servers = ["10.1.0.99"] })
        let client = try scenario.ask(question)
        let after = try scenario.next("10.1.0.99")
        #expect(after.upstream != before.upstream)
        try scenario.respond(to: after, answer: answer)
        #expect(try client.read().code == .noError)
    }

    @Test func anAnswerThatComesAfterTheReplacementIsNotKeptForTheNewRoute() throws {
        let scenario = try Scenario()
        let first = try scenario.ask(question)
        let query = try scenario.next()
        try scenario.replace(with: setup { $0.servers = ["10.1.0.99"] })
        try scenario.respond(to: query, answer: answer)
        #expect(first.isAnswered)
        let second = try scenario.ask(question)
        #expect(!second.isAnswered)
        _ = try scenario.next("10.1.0.99")
    }

    @Test func equalQuestionsBeforeAndAfterAreNotMergedWhenTheirRouteIsAnother() throws {
        let scenario = try Scenario()
        try scenario.ask(question)
        _ = try scenario.next("10.1.0.10")
        try scenario.replace(with: setup { $0.servers = ["10.1.0.99"] })
        try scenario.ask(question)
        _ = try scenario.next("10.1.0.99")
    }

    @Test func answersOfARouteThatStaysStayInTheCache() throws {
        let scenario = try Scenario()
        try scenario.exchange(question, answer: answer)
        var other = Setup()
        other.clusters[1].servers = ["10.2.0.99"]
        other.clusters.swapAt(0, 1)
        try scenario.replace(with: other)
        let client = try scenario.ask(question)
        #expect(client.isAnswered)
        #expect(scenario.isQuiet)
    }

    @Test func aChainGoesOnAsItBegan() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("alias.shop.svc.east.k8s.corp A")
        let query = try scenario.next("10.1.0.10")
        var other = Setup()
        other.clusters[1].servers = ["10.2.0.99"]
        try scenario.replace(with: other)
        try scenario.respond(
            to: query,
            answer: ["alias.shop.svc.cluster.local. 30 CNAME pay.shop.svc.west.k8s.corp."]
        )
        let target = try scenario.next("10.2.0.10")
        try scenario.respond(to: target, answer: ["pay.shop.svc.cluster.local. 30 A 10.112.0.9"])
        #expect(try client.read().answer.count == 2)
    }

    @Test func aThousandReplacementsLeaveNoOldSnapshotBehind() throws {
        let scenario = try Scenario()
        weak var first: ForwardingSnapshot?
        for i in 0..<1000 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            let query = try scenario.next()
            if i == 10 { first = scenario.snapshot }
            try scenario.replace(with: setup { $0.servers = ["10.1.\(i / 250).\(i % 250)"] })
            try scenario.respond(to: query, .nxDomain)
            #expect(client.isAnswered)
            scenario.pass(seconds: 5)
        }
        #expect(first == nil)
        // 30 seconds of retired servers, and those in use.
        #expect(scenario.snapshot.table.upstreams.count < 20)
    }

    // MARK: - Health

    @Test func theHealthOfAServerStaysWithItsNumber() throws {
        var directory = RoutingDirectory()
        let first = try Setup().snapshot(&directory)
        let next = try setup { $0.servers = ["10.1.0.99", "10.1.0.11"] }.snapshot(
            &directory,
            following: first
        )
        let (old, new) = (first.table.routes[1], next.table.routes[1])
        let (kept, added) = (Int(old.upstreams[1].rawValue), Int(new.upstreams[0].rawValue))
        #expect(Int(new.upstreams[1].rawValue) == kept)
        #expect(next.health[kept] === first.health[kept])
        #expect(!first.health.contains { $0 === next.health[added] })
    }

    @Test func anotherServerWithAnOldNumberHasItsOwnHealth() throws {
        var directory = RoutingDirectory()
        let first = try Setup().snapshot(&directory)
        let place = Int(first.table.routes[1].upstreams[0].rawValue)
        let second = try setup { $0.servers = ["10.1.0.11"] }.snapshot(&directory, following: first, now: 1)
        let third = try setup { $0.servers = ["10.1.0.11", "10.1.0.99"] }
            .snapshot(&directory, following: second, now: 40_000)
        #expect(Int(third.table.routes[1].upstreams[1].rawValue) == place)
        #expect(third.health[place] !== first.health[place])
    }

    @Test func aServerThatWentWhileItWasDownComesBackWithoutThatPast() throws {
        let both = setup { $0.servers = ["10.1.0.10", "10.1.0.11"] }
        let scenario = try Scenario(both)
        let place = Int(scenario.snapshot.table.routes[1].upstreams[0].rawValue)
        for i in 0..<2 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.respond(to: try scenario.next(), .servFail)
            if !client.isAnswered { try scenario.respond(to: try scenario.next("10.1.0.11"), .nxDomain) }
        }
        let before = scenario.snapshot.health[place]
        #expect(before.isInTrouble)
        try scenario.replace(with: setup { $0.servers = ["10.1.0.11"] })
        try scenario.replace(with: both)
        let after = scenario.snapshot.health[place]
        #expect(Int(scenario.snapshot.table.routes[1].upstreams[0].rawValue) == place)
        #expect(after !== before)
        #expect(!after.isInTrouble)
    }

    // MARK: - Servers by name

    @Test func aServerWhoseNameIsNotResolvedYetIsNamedInTheAnswer() throws {
        let scenario = try Scenario(setup { $0.servers = ["dns.corp.example"] })
        let reply = try scenario.ask(question).read()
        #expect(reply.code == .servFail)
        let text = "cluster east: the name of its server dns.corp.example is not resolved yet"
        #expect(reply.errors == ["22 \(text)"])
        #expect(scenario.isQuiet)
    }

    @Test func theFailureIsForgottenWhenTheNameIsResolved() throws {
        var setup = setup { $0.servers = ["dns.corp.example"] }
        let scenario = try Scenario(setup)
        #expect(try scenario.ask(question).read().code == .servFail)
        setup.addresses = [try #require(DomainName("dns.corp.example")): [try readAddress("10.1.0.77")]]
        try scenario.replace(with: setup)
        let client = try scenario.ask(question)
        let query = try scenario.next("10.1.0.77")
        try scenario.respond(to: query, answer: answer)
        #expect(try client.read().code == .noError)
    }

    @Test func otherAddressesOfANameLeaveTheAnswersInTheCache() throws {
        let host = try #require(DomainName("dns.corp.example"))
        var setup = setup { $0.servers = ["dns.corp.example"] }
        setup.addresses = [host: [try readAddress("10.1.0.77")]]
        let scenario = try Scenario(setup)
        try scenario.exchange(question, answer: answer)
        setup.addresses = [host: [try readAddress("10.1.0.78")]]
        try scenario.replace(with: setup)
        #expect(try scenario.ask(question).isAnswered)
        #expect(scenario.isQuiet)
    }

    @Test func failuresAndStaleAnswersOfAServerThatMovedAreHandledAnew() throws {
        let host = try #require(DomainName("dns.corp.example"))
        var setup = setup { $0.servers = ["dns.corp.example"] }
        setup.addresses = [host: [try readAddress("10.1.0.77")]]
        let scenario = try Scenario(setup)
        try scenario.exchange(question, answer: answer)
        scenario.pass(seconds: 30)
        #expect(try scenario.exchange(question, .servFail).errors.first?.hasPrefix("3 ") == true)
        // The same address says nothing new, another does.
        try scenario.replace(with: setup)
        #expect(try scenario.ask(question).isAnswered)
        #expect(scenario.isQuiet)
        setup.addresses = [host: [try readAddress("10.1.0.78")]]
        try scenario.replace(with: setup)
        let client = try scenario.ask(question)
        try scenario.respond(to: try scenario.next("10.1.0.78"), .servFail)
        #expect(try client.read().errors.first?.hasPrefix("3 cluster east: 10.1.0.78") == true)
    }
}
