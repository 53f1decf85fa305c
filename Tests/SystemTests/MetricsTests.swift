import Foundation
import Testing

extension SystemTests {
    /// What the server tells of itself, while it works.
    @Suite struct MetricsTests {
        private static func sample(_ name: String, in text: String) -> Double? {
            text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
                .flatMap { Double($0.split(separator: " ").last ?? "") }
        }

        private static func json(_ path: String, _ port: UInt16) throws -> Any {
            let answer = try AdminTests.curl(["http://127.0.0.1:\(port)\(path)"])
            #expect(answer.status == "200", "\(path)")
            return try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        }

        @Test func promtoolFindsNothingWhileThereIsLoad() throws {
            let (server, port) = try AdminTests.server(
                "  - {name: \"quo-te\", servers: [\"127.0.0.1:9\"]}"
            )
            for i in 0..<20 {
                _ = try RawClient.ask(
                    TestMessage(query: "web.shop.svc.east.k8s.corp"),
                    of: server.endpoint
                )
                _ = try RawClient.exchange(
                    TestMessage(query: "n\(i).shop.svc.quo-te.k8s.corp").bytes,
                    with: server.endpoint,
                    within: 0.05
                )
            }
            let text = try AdminTests.curl(["http://127.0.0.1:\(port)/metrics"]).body
            let file = try server.directory.write("\(text)\n", to: "metrics")
            let check = try run(.shell, ["-c", "\(try Tool.promtool.path()) check metrics < \(file)"])
            #expect(check.status == .exited(0), "\(check.output)\(check.error)")
            #expect(check.output.isEmpty && check.error.isEmpty, "\(check.output)\(check.error)")
            let east = "transport=\"udp\",route=\"east\",rcode=\"NOERROR\""
            #expect(Self.sample("switchyard_queries_total{\(east)}", in: text) == 20)
            #expect(Self.sample("switchyard_route_cache_hits_total{route=\"east\"}", in: text) == 19)
            #expect(Self.sample("switchyard_route_cache_misses_total{route=\"east\"}", in: text) == 1)
            #expect(Self.sample("switchyard_hit_duration_seconds_count", in: text) == 19)
            #expect(Self.sample("switchyard_miss_duration_seconds_count{route=\"east\"}", in: text) == 1)
            #expect(Self.sample("switchyard_config_last_reload_success", in: text) == 1)
        }

        @Test func countersGoOnAfterAReload() throws {
            let (server, port) = try AdminTests.server()
            let query = TestMessage(query: "web.shop.svc.east.k8s.corp")
            _ = try RawClient.ask(query, of: server.endpoint)
            server.process.send(signal: SIGHUP)
            #expect(waitUntil(seconds: 10) { server.process.log.contains("configuration loaded") })
            _ = try RawClient.ask(query, of: server.endpoint)
            let text = try AdminTests.curl(["http://127.0.0.1:\(port)/metrics"]).body
            let east = "transport=\"udp\",route=\"east\",rcode=\"NOERROR\""
            #expect(Self.sample("switchyard_queries_total{\(east)}", in: text) == 2)
            #expect(Self.sample("switchyard_config_reloads_total{result=\"success\"}", in: text) == 1)
        }

        @Test func namesOfQueriesAreNowhere() throws {
            let (server, port) = try AdminTests.server()
            _ = try RawClient.ask(
                TestMessage(query: "hostile-name.shop.svc.east.k8s.corp"),
                of: server.endpoint
            )
            for path in ["/metrics", "/api/status", "/api/clusters", "/api/upstreams", "/api/cache"] {
                #expect(try !AdminTests.curl(["http://127.0.0.1:\(port)\(path)"]).body.contains("hostile"))
            }
        }

        @Test func aServerThatAnswersIsHealthy() throws {
            let (server, port) = try AdminTests.server()
            let answers = try (0..<3).map { _ in try AdminTests.curl(["http://127.0.0.1:\(port)/health"]) }
            #expect(answers.allSatisfy { $0.status == "200" && $0.body == "ok\n" })
            withExtendedLifetime(server) {}
        }

        @Test func aClusterThatIsDownIsNamed() throws {
            let (server, port) = try AdminTests.server("  - {name: broken, servers: [\"127.0.0.1:9\"]}")
            let query = TestMessage(query: "web.shop.svc.broken.k8s.corp")
            var answer = (status: "", body: "")
            // Failures in a row take a server down.
            let isNamed = waitUntil(seconds: 15) {
                _ = try? RawClient.exchange(query.bytes, with: server.endpoint, within: 0.2)
                let next = try? AdminTests.curl(["http://127.0.0.1:\(port)/ready"])
                answer = next ?? answer
                return answer.body.contains("\"unreachable\":[\"broken\"]")
            }
            #expect(isNamed, "\(answer)")
            #expect(answer.status == "200", "any is enough")
        }

        @Test func theAPITellsOfClustersAndConfiguration() throws {
            let (server, port) = try AdminTests.server()
            _ = try RawClient.ask(TestMessage(query: "web.shop.svc.east.k8s.corp"), of: server.endpoint)
            let clusters = try #require(try Self.json("/api/clusters", port) as? [[String: Any]])
            let east = try #require(clusters.first { $0["name"] as? String == "east" })
            #expect(east["zone"] as? String == "east.k8s.corp")
            #expect(east["misses"] as? Int == 1)
            let servers = try #require(east["servers"] as? [[String: Any]])
            #expect(servers.first?["state"] as? String == "up")
            #expect(servers.first?["sent"] as? Int ?? 0 >= 1)
            let configuration = try #require(try Self.json("/api/config", port) as? [String: Any])
            #expect(configuration["workers"] as? Int == 2)
            #expect(configuration["zonePattern"] as? String == "{cluster}.k8s.corp")
            let cache = try #require(try Self.json("/api/cache", port) as? [String: Any])
            #expect(cache["entries"] as? Int == 1)
            let upstreams = try #require(try Self.json("/api/upstreams", port) as? [[String: Any]])
            #expect(upstreams.count == 2)
        }
    }
}
