import DNSWire
import Metrics
import Routing
import Testing

@testable import Forwarding

/// What is counted by route and by server.
@Suite struct MetricsTests {
    private let name = "web.shop.svc.east.k8s.corp A"
    private let record = "web.shop.svc.cluster.local. 30 A 10.96.0.7"

    private func row(_ route: String, _ scenario: Scenario) throws -> Int {
        try #require(scenario.snapshot.metricRows.routeNames.firstIndex(of: route))
    }

    private func server(_ address: String, _ scenario: Scenario) throws -> Int {
        let servers = scenario.snapshot.metricRows.servers
        return try #require(servers.firstIndex { $0.upstream?.address.description == address })
    }

    @Test func missesAndHitsAreCountedWithTheirRoute() throws {
        let scenario = try Scenario()
        _ = try scenario.ask(name)
        let query = try scenario.next("10.1.0.10")
        scenario.pass(3)
        try scenario.respond(to: query, answer: [record])
        _ = try scenario.ask(name)
        let east = try row("east", scenario)
        let routes = scenario.metrics.routes
        #expect(routes.value(row: east, place: RouteCounter.misses) == 1)
        #expect(routes.value(row: east, place: RouteCounter.hits) == 1)
        let place = RouteCounter.replies(isStream: false, responseCode: 0)
        #expect(routes.value(row: east, place: place) == 2)
        #expect(routes.value(row: try row("default", scenario), place: place) == 0)
        var latency = Histogram()
        latency.add(routes, row: east, at: RouteCounter.missLatency)
        #expect(latency.count == 1)
        #expect(latency.sumMicroseconds == 3000)
    }

    @Test func anAnswerIsCountedWithItsServerAndTime() throws {
        let scenario = try Scenario()
        _ = try scenario.ask(name)
        let query = try scenario.next("10.1.0.10")
        scenario.pass(7)
        try scenario.respond(to: query, answer: [record])
        let row = try server("10.1.0.10", scenario)
        let servers = scenario.metrics.upstreams
        #expect(servers.value(row: row, place: UpstreamCounter.sent) == 1)
        #expect(servers.value(row: row, place: UpstreamCounter.answered) == 1)
        var time = Histogram()
        time.add(servers, row: row, at: UpstreamCounter.roundTrip)
        #expect(time.sumMicroseconds == 7000)
    }

    @Test func silenceIsATimeoutOfItsServer() throws {
        let scenario = try Scenario()
        _ = try scenario.ask(name)
        _ = try scenario.next("10.1.0.10")
        scenario.pass(1000)
        let row = try server("10.1.0.10", scenario)
        let place = UpstreamCounter.failures + UpstreamFailureReason.timeout.rawValue
        #expect(scenario.metrics.upstreams.value(row: row, place: place) >= 1)
    }

    @Test func rowsStayOverReloads() throws {
        let scenario = try Scenario()
        _ = try scenario.ask(name)
        let before = try row("east", scenario)
        let serverBefore = try server("10.1.0.10", scenario)
        try scenario.replace(with: Setup())
        #expect(try row("east", scenario) == before)
        #expect(try server("10.1.0.10", scenario) == serverBefore)
        let misses = scenario.metrics.routes.value(row: before, place: RouteCounter.misses)
        #expect(misses == 1)
    }

    @Test func whatHasNoRouteIsCountedAsNone() throws {
        let scenario = try Scenario()
        _ = try scenario.ask("localhost A")
        let place = RouteCounter.replies(isStream: false, responseCode: 0)
        #expect(scenario.metrics.routes.value(row: RouteCounter.localRow, place: place) == 1)
    }
}
