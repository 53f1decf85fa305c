import Configuration
import DNSWire
import Routing
import Testing

/// `policy`, `hedge`, `probe` and `limits`, which `upstream` and each cluster have.
@Suite struct RouteSettingsTests {
    /// The settings of `upstream` and of a cluster with the same keys.
    private func settings(_ keys: String) throws -> (RouteSettings, RouteSettings) {
        let read = try configuration(
            "upstream: {servers: [192.0.2.1], \(keys)}\n"
                + "clusters: [{name: a, zone: a.corp, servers: [10.0.0.1], \(keys)}]"
        )
        return (read.settings, try #require(read.clusters.first).settings)
    }

    /// Checks that both refuse the keys with the same sentence, `column` behind their beginning.
    private func expectRefused(_ keys: String, _ column: Int, _ part: String) {
        expectProblem("upstream: {servers: [192.0.2.1], \(keys)}", "1:\(34 + column)", part)
        expectProblem(
            "clusters: [{name: a, zone: a.corp, servers: [10.0.0.1], \(keys)}]",
            "1:\(57 + column)",
            part
        )
    }

    @Test func withoutKeysTheDefaultsHold() throws {
        let read = try configuration("clusters: [{name: a, zone: a.corp, servers: [10.0.0.1]}]")
        #expect(read.settings == RouteSettings())
        #expect(read.clusters.first?.settings == RouteSettings())
    }

    @Test func everyKeyArrivesInBothPlaces() throws {
        let name = try #require(DomainName("web.shop.svc.cluster.local"))
        let expected = RouteSettings(
            policy: .fastest,
            hedgeMilliseconds: 30,
            probe: ProbeSettings(
                name: name,
                type: .aaaa,
                intervalMilliseconds: 250,
                idleMilliseconds: 60_000,
                fall: 3,
                rise: 4
            ),
            limits: RouteLimits(pendingQueries: 100, connectionsPerServer: 8, retryPercent: 0)
        )
        let (upstream, cluster) = try settings(
            """
            policy: fastest, hedge: 30ms,
              probe: {name: web.shop.svc.cluster.local., type: aaaa, interval: 250ms, idle: 1m, fall: 3, rise: 4},
              limits: {pending: 100, connections: 8, retries: 0}
            """
        )
        #expect(upstream == expected)
        #expect(cluster == expected)
    }

    @Test(arguments: ["off", "false", "Off", "'off'", "FALSE"]) func theProbeCanBeTurnedOff(text: String)
        throws
    {
        let (upstream, cluster) = try settings("probe: \(text)")
        #expect(!upstream.probe.isEnabled)
        #expect(!cluster.probe.isEnabled)
    }

    @Test(arguments: RouteSettings.Policy.allCases) func everyPolicyIsKnown(policy: RouteSettings.Policy)
        throws
    {
        let (upstream, cluster) = try settings("policy: \(policy.rawValue)")
        #expect(upstream.policy == policy)
        #expect(cluster.policy == policy)
    }

    @Test(arguments: [
        ("hedge: 5ms", 5), ("hedge: 2s", 2000), ("hedge: 2000ms", 2000),
    ]) func hedgesReachToTheirLimits(keys: String, milliseconds: UInt64) throws {
        #expect(try settings(keys).0.hedgeMilliseconds == milliseconds)
    }

    @Test(arguments: [
        "probe: {interval: 100ms}", "probe: {interval: 2s}", "probe: {idle: 1s}", "probe: {idle: 1h}",
        "probe: {fall: 10, rise: 10}", "probe: {}", "probe: {type: TYPE65280}", "probe: {name: .}",
        "limits: {}", "limits: {pending: 1}", "limits: {pending: 1000000, connections: 64, retries: 1000}",
    ]) func limitsBelongToWhatIsAllowed(keys: String) throws { _ = try settings(keys) }

    // MARK: - What is refused

    @Test(arguments: [
        ("policy: best", 8, "write `ordered`, `random` or `fastest`"),
        ("policy: Random", 8, "did you mean `random`"),
        ("policy: [ordered]", 8, "a single value"), ("policy: ''", 8, "write `ordered`"),
        ("policy: ~", 0, "`policy` has no value"),
        ("hedge: 30", 7, "has no unit"), ("hedge: 4ms", 7, "from 5ms to 2s"),
        ("hedge: 2001ms", 7, "from 5ms to 2s"),
        ("hedge: 0ms", 7, "from 5ms to 2s"), ("hedge: -5ms", 7, "is no duration"),
        ("hedge: off", 7, "is no duration"),
        ("hedge: 99999999999999999999ms", 7, "is no duration"),
        ("hedge: 9999999999999999999h", 7, "too long"),
        ("hedge: {}", 7, "a single value"),
        ("limits: 5", 8, "must be a mapping with the keys `pending`"),
        ("limits: {pendig: 5}", 9, "mean `pending`?"),
        ("limits: {pending: 0}", 18, "from 1 to 1000000"),
        ("limits: {pending: 1000001}", 18, "from 1 to 1000000"),
        ("limits: {pending: 4k}", 18, "from 1 to 1000000"), ("limits: {pending: [1]}", 18, "a single value"),
        ("limits: {connections: 0}", 22, "from 1 to 64"), ("limits: {connections: 65}", 22, "from 1 to 64"),
        ("limits: {retries: -1}", 18, "from 0 to 1000"), ("limits: {retries: 20%}", 18, "from 0 to 1000"),
        ("limits: {retries: '20'}", 18, "without quotes"),
        ("limits: {retries: ~}", 9, "`retries` has no value"),
        ("limits: {fall: 2}", 9, "move it to `probe`"),
    ]) func badValuesAreRefused(keys: String, column: Int, part: String) { expectRefused(keys, column, part) }

    @Test(arguments: [
        ("probe: on", 7, "must be off or a mapping"), ("probe: 5s", 7, "must be off or a mapping"),
        ("probe: [off]", 7, "must be a mapping"), ("probe: ~", 0, "`probe` has no value"),
        ("probe: {intervall: 5s}", 8, "did you mean `interval`?"),
        ("probe: {interval: 99ms}", 18, "from 100ms to 2s"),
        ("probe: {interval: 3s}", 18, "from 100ms to 2s"), ("probe: {interval: 1}", 18, "has no unit"),
        ("probe: {idle: 999ms}", 14, "from 1s to 1h"), ("probe: {idle: 61m}", 14, "from 1s to 1h"),
        ("probe: {fall: 0}", 14, "from 1 to 10"), ("probe: {fall: 11}", 14, "from 1 to 10"),
        ("probe: {rise: 0}", 14, "from 1 to 10"), ("probe: {rise: eleven}", 14, "from 1 to 10"),
        ("probe: {name: a..b}", 14, "an empty label"), ("probe: {name: ''}", 14, "is empty"),
        ("probe: {name: 'a b'}", 14, "space"), ("probe: {name: [a]}", 14, "a single value"),
        ("probe: {type: HOST}", 14, "is no record type"),
        ("probe: {type: TYPE65536}", 14, "is no record type"),
        ("probe: {type: TYPE0}", 14, "is no record type"), ("probe: {type: TYPE1x}", 14, "is no record type"),
        ("probe: {type: ''}", 14, "is no record type"), ("probe: {type: ANY}", 14, "is no type of data"),
        ("probe: {type: axfr}", 14, "is no type of data"), ("probe: {type: OPT}", 14, "is no type of data"),
    ]) func badProbesAreRefused(keys: String, column: Int, part: String) { expectRefused(keys, column, part) }

    @Test func aProbeForTheNameOfClientsIsRefused() {
        let cluster = "clusters: [{name: a, zone: a.corp, servers: [10.0.0.1], probe: {name: "
        expectProblem(
            cluster + "web.shop.svc.A.corp}}]",
            "1:71",
            "not in those of clients; write web.shop.svc.cluster.local"
        )
        #expect(problems(cluster + "example.org}}]") == [])
        #expect(problems(cluster + "web.a.corp}, clusterDomain: a.corp}]") == [])
    }

    @Test(arguments: [
        ("serveStale: 8d", "1:21", "above 7 days"), ("serveStale: 500ms", "1:21", "whole number of seconds"),
        ("serveStale: true", "1:21", "is no duration"), ("staleAfter: 5s", "1:21", "from 0ms to 4s"),
        ("staleAfter: 0", "1:21", "has no unit"), ("prefetch: yes", "1:19", "must be true or false"),
        ("prefetch: 'true'", "1:19", "without quotes"), ("prefetch: [true]", "1:19", "a single value"),
        ("serve_stale: 1h", "1:9", "did you mean `serveStale`?"),
    ]) func badSettingsOfTheCacheAreRefused(keys: String, place: String, part: String) {
        expectProblem("cache: {\(keys)}", place, part)
    }

    @Test(arguments: ["0", "-1", "1000001", "1k", "'5'"]) func waitingClientsAreCounted(text: String) {
        expectProblem(
            "access: {waitingPerClient: \(text)}",
            "1:28",
            "`waitingPerClient` must be a whole number"
        )
    }
}
