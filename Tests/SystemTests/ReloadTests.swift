import Foundation
import Glibc
import TLSTestSupport
import Testing

extension SystemTests {
    /// Another configuration for a server that runs.
    @Suite struct ReloadTests {
        /// A server that answers every name with its own address, and a TTL of ten minutes.
        static func upstream(_ address: String) throws -> ScriptedUpstream {
            try ScriptedUpstream { request in
                let record = TestRecord.a(request.query.qname, address, ttl: 600)
                return [.reply(TestMessage(to: request.query, answer: [record]))]
            }
        }

        /// A configuration with these clusters, by name.
        static func configuration(_ clusters: [(String, Endpoint)], more: String = "") -> String {
            """
            listen: [127.0.0.1:PORT]
            workers: 2
            upstream: {servers: ["127.0.0.1:1"]}
            zonePattern: "{cluster}.k8s.corp"
            clusters: [\(clusters.map { "{name: \($0), servers: [\"\($1)\"]}" }.joined(separator: ", "))]
            \(more)
            """
        }

        // MARK: What changes

        @Test func answersOfUnchangedClustersStayAndThoseOfOthersGo() throws {
            let first = try Self.upstream("10.0.0.1")
            let second = try Self.upstream("10.0.0.2")
            defer { for server in [first, second] { server.stop() } }
            let server = try TestServer.switchyard(
                Self.configuration([
                    ("stays", first.endpoint), ("moves", first.endpoint), ("goes", first.endpoint),
                ])
            )
            for cluster in ["stays", "moves", "goes"] {
                let reply = try dig("web.\(cluster).k8s.corp", at: server.endpoint)
                #expect(reply.data("A") == ["10.0.0.1"], "\(reply)")
            }
            let asked = first.requests.count
            // So that a TTL which goes on differs from one that begins anew.
            usleep(1_100_000)
            let log = try server.reload(
                Self.configuration([
                    ("comes", second.endpoint), ("moves", second.endpoint), ("stays", first.endpoint),
                ])
            )
            #expect(log.contains("configuration loaded clusters=3"), "\(log)")

            let stays = try dig("web.stays.k8s.corp", at: server.endpoint)
            #expect(stays.data("A") == ["10.0.0.1"])
            #expect(try #require(stays.answer.first).ttl < 600, "\(stays)")
            #expect(first.requests.count == asked, "it was in the cache")
            #expect(try dig("web.moves.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.2"])
            #expect(try dig("web.comes.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.2"])
            let goes = try dig("web.goes.k8s.corp", at: server.endpoint)
            #expect(goes.status == "NXDOMAIN")
            #expect(goes.errorText.contains("unknown cluster 'goes'"), "\(goes)")

            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0))
            // Three before, four after: counters go on.
            let end = try #require(server.process.log.split(separator: "\n").last)
            #expect(end.contains("cacheHits=1") && end.contains("queries="), "\(end)")
        }

        @Test func clientsAndLogLevelAreThoseOfTheNewFile() throws {
            let server = try TestServer.switchyard(Self.configuration([]))
            #expect(try dig("nothing.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
            try server.reload(Self.configuration([], more: "access: {allow: [10.0.0.0/8]}"))
            #expect(try dig("nothing.k8s.corp", at: server.endpoint).status == "REFUSED")
            try server.reload(Self.configuration([], more: "log: {level: debug}"))
            #expect(try dig("nothing.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
            // At this level nothing is said of what was loaded, beginning with this.
            let quiet = "access: {allow: [10.0.0.0/8]}\nlog: {level: error}"
            try server.write(configuration: Self.configuration([], more: quiet))
            server.process.send(signal: SIGHUP)
            func status() -> String? { try? dig("nothing.k8s.corp", at: server.endpoint).status }
            #expect(waitUntil(seconds: 10) { status() == "REFUSED" })
            let before = server.process.log
            try server.write(configuration: Self.configuration([], more: "log: {level: error}"))
            server.process.send(signal: SIGHUP)
            #expect(waitUntil(seconds: 10) { status() == "NXDOMAIN" })
            #expect(server.process.log == before)
        }

        @Test func keysThatNeedARestartKeepTheirValuesAndTheRestIsLoaded() throws {
            let server = try TestServer.switchyard(Self.configuration([]))
            let more = "cache: {size: 8MiB}\nlog: {format: json}\naccess: {allow: [10.0.0.0/8]}"
            let text = Self.configuration([], more: more).replacing("workers: 2", with: "workers: 3")
            let log = try server.reload(text)
            for key in ["workers", "cache.size", "log.format"] {
                let warning = "warning the new value of `\(key)` takes effect after a restart"
                #expect(log.contains(warning), "\(log)")
            }
            #expect(try dig("nothing.k8s.corp", at: server.endpoint).status == "REFUSED")
            // What the harness adds at the start.
            let admin = "admin: {listen: none, controlSocket: none}"
            let again = try server.reload(Self.configuration([], more: admin))
            #expect(!again.contains("restart"), "it is as it was: \(again)")
        }

        // MARK: Mistakes

        @Test func mistakesAreAllReportedAndChangeNothing() throws {
            let upstream = try Self.upstream("10.0.0.1")
            defer { upstream.stop() }
            let server = try TestServer.switchyard(Self.configuration([("east", upstream.endpoint)]))
            #expect(try dig("web.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            let log = try server.reload(
                """
                listen: [127.0.0.1:PORT]
                workers: many
                upstream: {servers: ["127.0.0.1:1"]}
                clusters: [{name: East, zone: k8s.corp, servers: [127.0.0.1:PORT]}]
                """
            )
            let file = "\(server.directory.path)/switchyard.yaml"
            #expect(log.contains("error \(file):2:10: `workers` must be"), "\(log)")
            #expect(log.contains("error \(file):4:19: cluster names are in lower case"), "\(log)")
            #expect(log.contains("error \(file):4:51: 127.0.0.1:"), "a server that is this one: \(log)")
            #expect(try dig("web.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(try dig("new.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(try dig("web.west.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
            // The next one is fine.
            let good = try server.reload(Self.configuration([("west", upstream.endpoint)]))
            #expect(good.contains("configuration loaded"))
            #expect(try dig("web.west.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test(arguments: ["", "clusters: ]", "\u{0}\u{1}", "- a\n- list\n", "{}{}"])
        func fileThatIsNoConfigurationChangesNothing(text: String) throws {
            let server = try TestServer.switchyard(Self.configuration([]))
            let log = try server.reload(text)
            #expect(log.contains("stays as it was"))
            #expect(log.contains("error \(server.directory.path)/switchyard.yaml:1:"), "\(log)")
            #expect(try dig("nothing.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
        }

        @Test func missingFileChangesNothing() throws {
            let server = try TestServer.switchyard(Self.configuration([]))
            let file = "\(server.directory.path)/switchyard.yaml"
            let before = server.process.log
            try FileManager.default.removeItem(atPath: file)
            let log = try server.hangUp(after: before)
            #expect(log.contains("cannot read \(file): there is no such file"), "\(log)")
            #expect(try dig("nothing.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
        }

        @Test func thousandsOfMistakesDoNotFloodTheLog() throws {
            let server = try TestServer.switchyard(Self.configuration([]))
            let many = (0..<3000).map { ("UPPER\($0)", server.endpoint) }
            let log = try server.reload(Self.configuration(many))
            #expect(log.split(separator: "\n").count < 110)
            #expect(log.contains("more mistakes; `switchyard check` shows all"))
        }

        @Test func authoritiesAreReadAgainAndMustBeUsable() throws {
            let authority = try TestAuthority()
            let stranger = try TestAuthority()
            let port = try FreePort.find()
            let unbound = try TestServer.unbound(try authority.identity(), tlsPort: port)
            func configuration(_ file: String) -> String {
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream:
                  servers: ["tls://127.0.0.1:\(port)#dns.test"]
                  tls: {ca: "\(file)"}
                cache: {serveStale: 0s}
                """
            }
            let server = try TestServer.switchyard(configuration(stranger.file))
            #expect(try dig("a.example.org", at: server.endpoint).status == "SERVFAIL")
            let damaged = try server.directory.write(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                to: "damaged.pem"
            )
            let refusal = try server.reload(configuration(damaged))
            #expect(refusal.contains("stays as it was") && refusal.contains("damaged.pem"), "\(refusal)")
            // The same path with other octets.
            try server.directory.write(String(contentsOfFile: stranger.file, encoding: .utf8), to: "ca.pem")
            try server.reload(configuration("\(server.directory.path)/ca.pem"))
            #expect(try dig("b.example.org", at: server.endpoint).status == "SERVFAIL")
            try server.directory.write(String(contentsOfFile: authority.file, encoding: .utf8), to: "ca.pem")
            try server.reload(configuration("\(server.directory.path)/ca.pem"))
            let isAnswered = waitUntil(seconds: 10) {
                (try? dig("c\(Int.random(in: 0..<1_000_000)).example.org", at: server.endpoint).data("A"))
                    == ["192.0.2.1"]
            }
            #expect(isAnswered, "\(server.process.log)")
            withExtendedLifetime(unbound) {}
        }
    }
}
