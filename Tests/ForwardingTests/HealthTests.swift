import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// What answers and silence say of a server: when it goes down, and what does not make it go down.
@Suite struct HealthTests {
    private let a = "10.1.0.10"
    private let b = "10.1.0.11"
    private let west = "10.2.0.10"

    // MARK: Silence

    @Test func aServerThatWasSilentTwiceIsAskedNoMore() throws {
        let scenario = try Scenario()
        for i in 0..<2 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            _ = try scenario.next(a)
            scenario.pass(310)
            try scenario.answer([b])
            #expect(client.isAnswered)
        }
        #expect(scenario.count(.serversDown) == 1)
        for i in 2..<5 {
            try scenario.ask("n\(i).east.k8s.corp A")
            try scenario.respond(to: try scenario.next(b))
            scenario.pass(1000)
        }
    }

    @Test func oneTimeoutDoesNotTakeAServerDown() throws {
        let scenario = try Scenario()
        try scenario.ask("n0.east.k8s.corp A")
        scenario.pass(310)
        try scenario.answer([b])
        try scenario.ask("n1.east.k8s.corp A")
        _ = try scenario.next(a)
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func anAnswerBetweenTwoTimeoutsForgivesTheFirst() throws {
        let scenario = try Scenario()
        for i in 0..<6 {
            try scenario.ask("n\(i).east.k8s.corp A")
            let query = try scenario.next(a)
            if i.isMultiple(of: 2) {
                while scenario.isQuiet { scenario.pass(2) }
                try scenario.answer([b])
            } else {
                try scenario.respond(to: query)
            }
        }
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func whatIsLostAtOnceCountsOnce() throws {
        let scenario = try Scenario()
        for i in 0..<50 { try scenario.ask("n\(i).west.k8s.corp A") }
        scenario.pass(310)
        #expect(scenario.count(.upstreamTimeouts) == 50)
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func aQueryThatIsLostWhileOthersAreAnsweredIsNoFailure() throws {
        // Half of the answers are lost, and there is always one on its way.
        let scenario = try Scenario()
        for i in 0..<200 {
            try scenario.ask("n\(i).west.k8s.corp A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                if scenario.sent.count.isMultiple(of: 2) { try scenario.respond(to: query) }
            }
            scenario.pass(20)
        }
        #expect(scenario.count(.upstreamTimeouts) > 50)
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func aLateAnswerBringsAServerBack() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("slow.west.k8s.corp A")
        let query = try scenario.next()
        scenario.pass(2200)
        #expect(scenario.count(.serversDown) == 1)
        #expect(try client.read().code == .servFail)
        try scenario.respond(to: query, answer: ["slow.cluster.local. 30 A 10.112.0.1"])
        #expect(scenario.count(.serversUp) == 1)
        scenario.skipSent()
        try scenario.exchange("next.west.k8s.corp A", answer: ["next.cluster.local. 30 A 10.112.0.1"])
    }

    @Test func aSlowServerStaysUpUnderLoad() throws {
        // Every answer takes 2 s, more than it is waited for before the question is sent again.
        let scenario = try Scenario()
        var due: [SentQuery] = []
        for i in 0..<300 {
            try scenario.ask("n\(i).west.k8s.corp A")
            while !scenario.isQuiet { due.append(try scenario.next()) }
            scenario.pass(20)
            while let first = due.first, first.sentAt + 2000 <= scenario.now {
                try scenario.respond(to: due.removeFirst())
            }
            // It goes down before anything is known of it, and never again.
            if i == 150 { #expect(scenario.count(.serversUp) == 1) }
        }
        #expect(scenario.count(.serversDown) == 1)
    }

    @Test func fallSaysHowManyFailuresItTakes() throws {
        var setup = Setup()
        setup.settings.probe.fall = 5
        let scenario = try Scenario(setup)
        for i in 0..<5 {
            #expect(scenario.count(.serversDown) == 0)
            try scenario.ask("n\(i).east.k8s.corp A")
            _ = try scenario.next(a)
            scenario.pass(310)
            try scenario.answer([b])
        }
        #expect(scenario.count(.serversDown) == 1)
    }

    // MARK: The network

    @Test func networkErrorsAreFailures() throws {
        let scenario = try Scenario()
        for i in 0..<2 {
            try scenario.ask("n\(i).west.k8s.corp A")
            scenario.breakConnection(of: try scenario.next())
        }
        #expect(scenario.count(.serversDown) == 1)
        let reply = try scenario.ask("n2.west.k8s.corp A").read()
        #expect(reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 cannot be reached"])
    }

    @Test func aConnectionThatWasOpenAndEndsIsNoFailure() throws {
        var setup = Setup()
        setup.tcpServers = [west]
        let scenario = try Scenario(setup)
        for i in 0..<20 {
            try scenario.ask("n\(i).west.k8s.corp A")
            scenario.breakConnection(of: try scenario.next(), .open)
            try scenario.respond(to: try scenario.next())
        }
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func aServerThatEndsConnectionsAfterAnswersIsWellAndItsQueriesGoOnForNothing() throws {
        var setup = Setup()
        setup.tcpServers = [west]
        setup.settings.limits.retryPercent = 0
        let scenario = try Scenario(setup)
        for i in 0..<20 {
            let client = try scenario.ask("n\(i).west.k8s.corp A")
            for _ in 0..<2 { scenario.breakConnection(of: try scenario.next(), .afterAnswers) }
            try scenario.respond(to: try scenario.next())
            #expect(client.isAnswered)
            // Not more than three times each.
            let other = try scenario.ask("other\(i).west.k8s.corp A")
            for _ in 0..<3 { scenario.breakConnection(of: try scenario.next(), .afterAnswers) }
            #expect(try other.read().code == .servFail)
        }
        #expect(scenario.count(.serversDown) == 0)
        #expect(scenario.count(.retries) == 0)
    }

    // MARK: SERVFAIL and REFUSED

    @Test(arguments: [ResponseCode.servFail, .refused, .notImp, .formErr])
    func namesThatFailDoNotTakeAServerDown(code: ResponseCode) throws {
        let scenario = try Scenario()
        for i in 0..<50 {
            try scenario.ask("broken\(i).west.k8s.corp A")
            while !scenario.isQuiet { try scenario.respond(to: try scenario.next(), code) }
        }
        #expect(scenario.count(.serversDown) == 0)
    }

    @Test func servFailTwiceCallsForAProbeWhichDecides() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        for i in 0..<2 { try scenario.exchange("n\(i).west.k8s.corp A", .servFail) }
        #expect(scenario.count(.serversDown) == 0)
        scenario.pass(100)
        let probe = try scenario.next(west)
        #expect(probe.question == "kubernetes.default.svc.cluster.local A")
        #expect(scenario.isQuiet)
        // CoreDNS before it knows the cluster's services answers so.
        try scenario.respond(to: probe, .servFail)
        #expect(scenario.count(.serversDown) == 1)
        let reply = try scenario.ask("n3.west.k8s.corp A").read()
        #expect(reply.errors == ["22 cluster west: all servers are down, 10.2.0.10:53 answered SERVFAIL"])
    }

    @Test func aGoodProbeClearsTheSuspicion() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        for i in 0..<2 { try scenario.exchange("n\(i).west.k8s.corp A", .servFail) }
        scenario.pass(100)
        try scenario.respond(to: try scenario.next(west))
        // One more is one again.
        try scenario.exchange("n3.west.k8s.corp A", .servFail)
        scenario.pass(5000)
        #expect(scenario.isQuiet)
        #expect(scenario.count(.serversDown) == 0)
        #expect(scenario.count(.probes) == 1)
    }

    @Test func aSilentProbeOfASuspectTakesItDown() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        for i in 0..<2 { try scenario.exchange("n\(i).west.k8s.corp A", .servFail) }
        scenario.pass(100)
        _ = try scenario.next(west)
        scenario.pass(1600)
        #expect(scenario.count(.serversDown) == 1)
    }

    @Test func aNameThatFailsForEverCostsOneProbePerInterval() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        for i in 0..<100 {
            try scenario.ask("broken\(i).west.k8s.corp A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                try scenario.respond(to: query, query.isProbe ? .noError : .servFail)
            }
            scenario.pass(50)
        }
        #expect(scenario.count(.serversDown) == 0)
        #expect(scenario.count(.probes) >= 2 && scenario.count(.probes) <= 11)
    }

    @Test func aGoodAnswerBetweenFailingNamesCallsForNoProbe() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        for i in 0..<20 {
            try scenario.exchange("broken\(i).west.k8s.corp A", .servFail)
            try scenario.exchange("good\(i).west.k8s.corp A", .nxDomain)
            scenario.pass(100)
        }
        #expect(scenario.count(.probes) == 0)
    }

    @Test func aServerThatRefusesEverythingIsAskedAfterTheOthersAndUsesUpNoBudget() throws {
        var setup = Setup()
        setup.hasTicks = true
        let scenario = try Scenario(setup)
        for i in 0..<1000 {
            let client = try scenario.ask("n\(i).east.k8s.corp A")
            while !scenario.isQuiet {
                let query = try scenario.next()
                try scenario.respond(to: query, query.server == a ? .refused : .noError)
            }
            #expect(try client.read().code == .noError)
            scenario.pass(20)
        }
        #expect(scenario.count(.serversDown) == 0)
        #expect(scenario.count(.retriesDenied) == 0)
        #expect(scenario.sent.filter { $0.server == a }.count <= 10)
        // When it answers again, a probe finds out.
        try scenario.pass(11_000, answering: [a, b])
        try scenario.ask("again.east.k8s.corp A")
        _ = try scenario.next(a)
    }
}
