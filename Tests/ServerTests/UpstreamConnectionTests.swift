import DNSWire
import EventLoop
import Forwarding
import Routing
import Testing
import Transport

@testable import Server

/// How many connections a server has, and which of them a query takes.
@Suite struct UpstreamConnectionTests {
    @Test func queriesShareOneConnectionThatStaysOpen() throws {
        let harness = try PoolHarness()
        for _ in 0..<3 { try harness.exchange() }
        for _ in 0..<20 { harness.send() }
        try harness.run { harness.responses.count == 23 }
        #expect(harness.server.acceptedCount == 1)
        #expect(harness.connectionCount == 1)
        #expect(harness.failures.isEmpty)
    }

    @Test func busyConnectionGetsCompanyUpToTheLimit() throws {
        let harness = try PoolHarness(limit: 3) { $0.busyQueries = 4 }
        try harness.exchange()
        harness.server.answer = { _, _ in }
        for _ in 0..<40 {
            harness.send()
            try harness.run(milliseconds: 2)
        }
        #expect(harness.server.acceptedCount == 3)
        // Each took its part, and the one with the fewest in flight the next.
        let counts = harness.server.queries.values.sorted()
        #expect(counts.count == 3)
        #expect((counts.last ?? 0) - (counts.first ?? 0) <= 5, "\(counts)")
    }

    @Test func queriesDoNotWaitForTheHandshakeOfAnother() throws {
        let harness = try PoolHarness { $0.busyQueries = 1 }
        try harness.exchange()
        let first = harness.send()
        let second = harness.send()
        // A connection is being opened; it is not there yet.
        let third = harness.send()
        #expect(first == second && second == third)
        try harness.run { harness.responses.count == 4 }
    }

    @Test func quietConnectionsGetNoCompany() throws {
        let harness = try PoolHarness(limit: 8) { $0.busyQueries = 4 }
        for _ in 0..<20 { try harness.exchange() }
        #expect(harness.server.acceptedCount == 1)
    }

    @Test func aServerOfSeveralRoutesMayHaveWhatTheMostGenerousAllows() {
        var directory = RoutingDirectory()
        let cluster = { (name: String, connections: Int) in
            ClusterDefinition(
                name: name,
                zone: DomainName(),
                clusterDomain: DomainName(),
                servers: [PoolHarness.definition(1), PoolHarness.definition(2)],
                settings: PoolHarness.settings(connections)
            )
        }
        let table = RoutingTable(
            defaultServers: [PoolHarness.definition(1)],
            defaultSettings: PoolHarness.settings(3),
            clusters: [cluster("east", 5)],
            patternParent: nil,
            directory: &directory
        )
        #expect(table.connectionLimits == [5, 5])
    }

    // MARK: - Renewal

    @Test func usedUpConnectionGetsASuccessorAndEndsWhenItOwesNothing() throws {
        let harness = try PoolHarness { $0.queries = 5 }
        for _ in 0..<30 { try harness.exchange() }
        let counts = harness.server.seen.map { harness.server.queries[$0] ?? 0 }
        // One query more, which does not wait for the successor.
        #expect(counts.dropLast().allSatisfy { (5...6).contains($0) }, "\(counts)")
        #expect(counts.count >= 5)
        #expect(harness.responses.count == 30)
        #expect(harness.failures.allSatisfy { $0.wasOpen })
        try harness.run { harness.server.openCount <= 1 }
    }

    @Test func oldConnectionGetsASuccessorOnlyWhenAQueryComes() throws {
        let harness = try PoolHarness { $0.ageMilliseconds = 100 }
        try harness.exchange()
        try harness.run(milliseconds: 150)
        #expect(harness.server.acceptedCount == 1)
        try harness.exchange()
        try harness.run { harness.server.acceptedCount == 2 }
        // The old one stays until the new one has brought a response.
        try harness.run { harness.hasEstablished(2) }
        #expect(harness.server.openCount == 2)
        try harness.exchange()
        try harness.run { harness.server.openCount == 1 }
        #expect(harness.responses.count == 3)
        #expect(harness.server.seen.count == 2)
    }

    @Test func endingConnectionStillBringsWhatItOwes() throws {
        let harness = try PoolHarness { $0.queries = 3 }
        var waiting: [(StreamConnection, [UInt8])] = []
        harness.server.answer = { connection, query in
            if query[1] <= 3 { waiting.append((connection, query)) } else { connection.send(query.wireBytes) }
        }
        for _ in 0..<3 { harness.send() }
        try harness.run { waiting.count == 3 }
        for _ in 0..<2 { try harness.exchange() }
        try harness.run { harness.server.acceptedCount == 2 }
        try harness.exchange()
        #expect(harness.connectionCount == 2)
        for (connection, query) in waiting { connection.send(query.wireBytes) }
        try harness.run { harness.responses.count == 6 }
        try harness.run { harness.connectionCount == 1 }
    }

    @Test func connectionWithoutASuccessorIsUsedOn() throws {
        // Of a server that wants no second one.
        let harness = try PoolHarness(serverLimit: 1) { $0.queries = 2 }
        harness.whenFailed = { [unowned harness] _ in harness.send() }
        for _ in 0..<10 {
            let count = harness.responses.count
            harness.send()
            try harness.run { harness.responses.count > count }
        }
        #expect(harness.server.seen.count == 1)
        #expect((1...3).contains(harness.server.refusedCount), "\(harness.server.refusedCount)")
    }

    @Test func agesDifferByAQuarter() {
        let settings = UpstreamConnectionSettings()
        var random = SystemRandomNumberGenerator()
        let ages = (0..<1000).map { _ in settings.jittered(settings.ageMilliseconds, using: &random) }
        #expect(ages.allSatisfy { (45_000...75_000).contains($0) })
        #expect((ages.max() ?? 0) - (ages.min() ?? 0) > 20_000)
    }

    // MARK: - edns-tcp-keepalive (RFC 7828)

    @Test func serverSaysHowLongAnIdleConnectionStays() throws {
        let harness = try PoolHarness {
            $0.keepalive = 100...200
            $0.timeouts.idleMilliseconds = 60_000
        }
        harness.server.answer = { connection, query in
            connection.send(response(to: query, keepalive: 0xFFFF).wireBytes)
        }
        try harness.exchange()
        #expect(harness.connectionCount == 1)
        // Bounded by 200 ms here; without the option it would stay for a minute.
        try harness.run { harness.connectionCount == 0 }
        #expect(harness.failures.map(\.wasOpen) == [true])
    }

    @Test func longTimeoutKeepsAConnectionThatWouldHaveEnded() throws {
        let harness = try PoolHarness { $0.timeouts.idleMilliseconds = 50 }
        harness.server.answer = { connection, query in
            connection.send(response(to: query, keepalive: 300).wireBytes)
        }
        try harness.exchange()
        try harness.run(milliseconds: 300)
        #expect(harness.connectionCount == 1)
    }

    @Test func timeoutOfZeroEndsTheConnectionOnceItOwesNothing() throws {
        let harness = try PoolHarness()
        var first: (StreamConnection, [UInt8])?
        harness.server.answer = { connection, query in
            if query[1] == 1 {
                first = (connection, query)
            } else {
                connection.send(response(to: query, keepalive: 0).wireBytes)
            }
        }
        harness.send()
        harness.send()
        try harness.run { harness.responses.count == 1 }
        #expect(harness.connectionCount == 1, "it still owes a response")
        harness.send()
        try harness.run { harness.responses.count == 2 }
        #expect(harness.server.seen.count == 2)
        if let (connection, query) = first { connection.send(query.wireBytes) }
        try harness.run { harness.responses.count == 3 && harness.connectionCount == 0 }
    }

    @Test func oddKeepaliveOptionsAreIgnored() throws {
        let harness = try PoolHarness()
        harness.server.answer = { connection, query in
            var odd = response(to: query, keepalive: 0)
            odd[26] = 1
            connection.send(odd.wireBytes)
        }
        try harness.exchange()
        try harness.exchange()
        #expect(harness.server.acceptedCount == 1)
    }

    // MARK: - Servers that do not behave

    @Test(arguments: [true, false])
    func serverThatClosesEveryConnectionIsNotStormed(refuses: Bool) throws {
        let harness = try PoolHarness()
        if refuses { harness.server.stop() }
        harness.server.answer = { connection, _ in connection.close() }
        let start = MonotonicClock.nanoseconds()
        for _ in 0..<100 {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count }
        }
        let milliseconds = Int((MonotonicClock.nanoseconds() - start) / 1_000_000)
        #expect(harness.server.acceptedCount <= 6 + milliseconds / 200)
        #expect(harness.responses.isEmpty)
    }

    @Test func serverThatIsBackIsUsedAgainAndForgiven() throws {
        let harness = try PoolHarness()
        harness.server.answer = { connection, _ in connection.close() }
        for _ in 0..<20 {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count }
        }
        harness.server.answer = { connection, query in connection.send(query.wireBytes) }
        while harness.responses.isEmpty {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count || !harness.responses.isEmpty }
        }
        let before = harness.failures.count
        for _ in 0..<5 { try harness.exchange() }
        #expect(harness.failures.count == before)
    }

    @Test func serverThatAnswersOneQueryPerConnectionGetsOneOnEach() throws {
        let harness = try PoolHarness()
        harness.server.answer = { [server = harness.server] connection, query in
            guard server.queries[connection.id] == 1 else { return }
            connection.send(query.wireBytes)
            connection.finish()
        }
        // One of the first five is answered; then it is known.
        for _ in 0..<5 { harness.send() }
        try harness.run { !harness.failures.isEmpty }
        #expect(harness.responses.count == 1)
        var most = 0
        let tokens = (0..<20).compactMap { _ in harness.send() }
        #expect(Set(tokens).count == 20)
        try harness.run {
            most = max(most, harness.server.openCount)
            return harness.responses.count == 21
        }
        #expect(harness.server.acceptedCount == 21)
        #expect(most <= 3)
    }

    @Test func queriesThatWaitForAServerThatIsGoneFail() throws {
        let harness = try PoolHarness()
        harness.server.answer = { connection, query in
            connection.send(query.wireBytes)
            connection.finish()
        }
        for _ in 0..<5 { harness.send() }
        try harness.run { !harness.failures.isEmpty }
        harness.server.stop()
        let tokens = (0..<20).compactMap { _ in harness.send() }
        try harness.run { Set(harness.failures.map(\.token)).isSuperset(of: tokens) }
        #expect(harness.connectionCount == 0)
    }

    @Test func refusedQueriesOfOneMomentAreReportedTogetherAndLater() throws {
        let harness = try PoolHarness()
        harness.server.stop()
        // Two failures in a row make the pause.
        for _ in 0..<2 {
            let count = harness.failures.count
            harness.send()
            try harness.run { harness.failures.count > count }
        }
        let before = harness.failures.count
        let tokens = (0..<5).map { _ in harness.send() }
        #expect(harness.failures.count == before, "never inside a send")
        #expect(Set(tokens).count == 1)
        try harness.run { harness.failures.count == before + 1 }
        #expect(harness.failures.last?.token == tokens[0])
        #expect(harness.failures.last?.wasOpen == false)
    }

    @Test func connectionsOfAServerThatNeverAnswersAreBounded() throws {
        let harness = try PoolHarness {
            $0.queries = 1
            $0.drainingMax = 3
        }
        harness.server.answer = { _, _ in }
        for _ in 0..<40 {
            harness.send()
            try harness.run(milliseconds: 2)
        }
        #expect(harness.connectionCount <= 6)
    }

    // MARK: - Other tables

    @Test func numberThatIsAnotherServersGetsConnectionsOfItsOwn() throws {
        let harness = try PoolHarness()
        try harness.exchange()
        let other = try StreamServer(harness.loop)
        harness.connections?.use(PoolHarness.table([PoolHarness.definition(other.port)], limit: 1))
        try harness.exchange()
        #expect(other.acceptedCount == 1)
        try harness.run { harness.server.openCount == 0 }
        harness.connections?.use(PoolHarness.table([PoolHarness.definition(other.port)], limit: 4))
        try harness.exchange()
        #expect(other.acceptedCount == 1, "the same server keeps its connection")
    }

    @Test func unknownServerIsNotAsked() throws {
        let harness = try PoolHarness()
        #expect(harness.connections?.send([1].wireBytes, to: UpstreamID(rawValue: 7), now: 0) == nil)
    }
}
