import Foundation
import Testing

extension SystemTests {
    /// The commands of operators, the names of class CH and the control socket, against a running server.
    @Suite struct OperatorTests {
        private let web = "web.shop.svc.east.k8s.corp"

        /// Runs a command for the server's control socket.
        private func command(_ server: TestServer, _ arguments: String...) throws -> RunResult {
            let socket = ["--socket", "\(server.directory.path)/control.sock"]
            return try run(.switchyard, arguments + socket)
        }

        private func lines(_ result: RunResult) -> [String] {
            result.output.split(separator: "\n").map(String.init)
        }

        /// The texts of a name in class CH, by dig.
        private func texts(_ name: String, _ server: TestServer, _ options: String...) throws -> [String] {
            let common = ["-r", "@\(server.endpoint.host)", "-p", "\(server.endpoint.port)", "+short"]
            let output = try run(.dig, common + options + ["CH", "TXT", name]).output
            return output.split(separator: "\n").map { String($0).replacing("\"", with: "") }
        }

        // MARK: Explain

        @Test func explainSaysInThreeWaysTheSame() throws {
            let (server, _) = try AdminTests.server()
            _ = try dig(web, at: server.endpoint)
            // An address has the same words for a second.
            for _ in 0..<5 {
                let told = lines(try command(server, "explain", web))
                let dug = try texts("\(web).a.explain.switchyard", server)
                let socket = "\(server.directory.path)/control.sock"
                let url = "http://localhost/api/explain?name=\(web)&type=A"
                let answer = try AdminTests.curl(["--unix-socket", socket, url])
                let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
                #expect(told.first == "question: \(web) A")
                #expect(told.contains("asked as: web.shop.svc.cluster.local A"))
                #expect(told.contains { $0.hasPrefix("cache: ") && $0.contains(" s left") })
                #expect(told.last == "then: answered from the cache, nobody is asked")
                if told == dug, json?["lines"] as? [String] == told { return }
            }
            Issue.record("command, dig and JSON never said the same")
        }

        @Test func explainAsksNobodyUnlessItIsTold() throws {
            let upstream = try ScriptedUpstream { [.reply(TestMessage(to: $0.query))] }
            let (server, _) = try Self.server(upstream)
            _ = try command(server, "explain", "never.east.k8s.corp")
            _ = try texts("never.east.k8s.corp.a.explain.switchyard", server)
            #expect(!upstream.names.contains("never.cluster.local"))
            let live = try command(server, "explain", "never.east.k8s.corp", "--live")
            #expect(lines(live).last?.hasPrefix("live: NOERROR, 0 records, after ") == true, "\(live.output)")
            #expect(upstream.names.contains("never.cluster.local"))
        }

        /// A server with a control socket and one cluster.
        private static func server(_ upstream: ScriptedUpstream) throws -> (TestServer, String) {
            let server = try TestServer.switchyard(
                cluster: upstream,
                settings: "admin: {listen: none, controlSocket: DIRECTORY/control.sock}"
            )
            return (server, "\(server.directory.path)/control.sock")
        }

        @Test func explainByAFileNeedsNoServer() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                """
                upstream: {servers: [192.0.2.53]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: [10.1.0.10], reverse: [10.96.0.0/12]}
                """,
                to: "switchyard.yaml"
            )
            let result = try run(.switchyard, ["explain", web, "aaaa", "-c", file])
            #expect(result.status == .exited(0), "\(result.error)")
            #expect(
                lines(result) == [
                    "question: \(web) AAAA",
                    "route: cluster east, the longest zone of the name is east.k8s.corp",
                    "asked as: web.shop.svc.cluster.local AAAA",
                    "server 1: 10.1.0.10:53 over UDP: nothing is running", "cache: nothing",
                    "then: 10.1.0.10:53 over UDP is asked",
                ]
            )
            let json = try run(
                .switchyard,
                ["explain", "5.0.96.10.in-addr.arpa", "PTR", "-c", file, "--json"]
            )
            #expect(json.output.contains("\"cluster\":\"east\""))
            for wrong in [["a..b", "A"], [web, "NOTYPE"], ["", "A"]] {
                let refused = try run(.switchyard, ["explain"] + wrong + ["-c", file])
                #expect(refused.status == .exited(1), "\(wrong)")
                #expect(refused.error.split(separator: "\n").count == 1)
            }
            #expect(try run(.switchyard, ["explain", web, "-c", file, "--live"]).status == .exited(2))
        }

        // MARK: Class CH

        @Test func digTellsOfTheServer() throws {
            let (server, _) = try AdminTests.server()
            _ = try dig(web, at: server.endpoint)
            _ = try dig(web, at: server.endpoint)
            #expect(try texts("hits.bind", server) == ["1"])
            #expect(try texts("misses.bind", server) == ["1"])
            let clusters = try texts("clusters.switchyard", server)
            #expect(clusters == ["cluster east: zone east.k8s.corp, 1 of 1 servers up"])
            let upstreams = try texts("upstreams.switchyard", server)
            #expect(upstreams.count == 2)
            #expect(upstreams.last?.hasPrefix("cluster east: ") == true)
            let reply = try dig("CH", "TXT", "clusters.switchyard", at: server.endpoint)
            #expect(reply.flags.contains("aa"))
            #expect(reply.answer.map(\.ttl) == [0])
        }

        @Test func aLongListIsCutAndWholeOverTCP() throws {
            let clusters = (0..<400).map { "  - {name: c\($0), servers: [127.0.0.1:9]}" }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: [127.0.0.1:9]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                \(clusters.joined(separator: "\n"))
                """
            )
            let cut = try dig("CH", "TXT", "clusters.switchyard", "+ignore", at: server.endpoint)
            #expect(cut.flags.contains("tc"))
            let whole = try texts("clusters.switchyard", server)
            #expect(whole.count == 201)
            #expect(whole.last == "and 200 more")
        }

        @Test func strangersLearnNothingInClassCH() throws {
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                access: {diagnostics: [127.0.0.9/32]}
                upstream: {servers: [127.0.0.1:9]}
                """
            )
            for name in ["hits.bind", "clusters.switchyard", "web.a.explain.switchyard"] {
                let stranger = try dig("CH", "TXT", name, at: server.endpoint)
                #expect(stranger.status == "REFUSED")
                #expect(stranger.answer.isEmpty)
                let friend = try dig("-b", "127.0.0.9", "CH", "TXT", name, at: server.endpoint)
                #expect(friend.status == "NOERROR")
            }
        }

        // MARK: Flush, drain, reload, status

        @Test func flushTakesOutWhatItIsToldAndSaysHowMuch() throws {
            let (server, _) = try AdminTests.server()
            for name in [web, "nothing.shop.svc.east.k8s.corp"] { _ = try dig(name, at: server.endpoint) }
            let other = try command(server, "flush", "api.shop.svc.east.k8s.corp")
            #expect(lines(other) == ["flushed 0 answers and 0 failures"])
            #expect(lines(try command(server, "flush", "--negative")) == ["flushed 1 answers and 0 failures"])
            #expect(lines(try command(server, "flush", web, "AAAA")) == ["flushed 0 answers and 0 failures"])
            let one = try command(server, "flush", "k8s.corp", "--subtree", "--cluster", "east")
            #expect(lines(one) == ["flushed 1 answers and 0 failures"])
            #expect(try command(server, "explain", web).output.contains("cache: nothing"))
            #expect(try command(server, "flush", "--json").output.contains("\"answers\":0"))
        }

        @Test func aDrainedClusterIsAskedNothingUntilItIsRestored() throws {
            let (server, _) = try AdminTests.server()
            #expect(lines(try command(server, "drain", "east")) == ["cluster east is now drained"])
            #expect(lines(try command(server, "drain", "east")) == ["cluster east is already drained"])
            let reply = try dig(web, at: server.endpoint)
            #expect(reply.status == "SERVFAIL")
            #expect(reply.errorText.contains("cluster east is drained"))
            #expect(try command(server, "status").output.contains("drained: east"))
            #expect(try texts("clusters.switchyard", server).first?.contains("drained") == true)
            let reloaded = try command(server, "reload")
            #expect(reloaded.status == .exited(0), "\(reloaded.error)")
            #expect(try dig(web, at: server.endpoint).status == "SERVFAIL")
            #expect(lines(try command(server, "restore", "east")) == ["cluster east is now not drained"])
            #expect(try dig(web, at: server.endpoint).status == "NOERROR")
        }

        @Test func anUnknownClusterIsNamedWithThoseThatAreKnown() throws {
            let (server, _) = try AdminTests.server()
            for arguments in [["drain", "esat"], ["restore", "default"], ["flush", "--cluster", "esat"]] {
                let socket = ["--socket", "\(server.directory.path)/control.sock"]
                let result = try run(.switchyard, arguments + socket)
                #expect(result.status == .exited(1))
                #expect(result.error.contains("known: east"), "\(result.error)")
                #expect(result.output.isEmpty)
            }
        }

        @Test func reloadPrintsTheMistakesAndEndsWithOne() throws {
            let (server, _) = try AdminTests.server()
            let file = "\(server.directory.path)/switchyard.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try (text + "\nnonsense: 1\n").write(toFile: file, atomically: true, encoding: .utf8)
            let result = try command(server, "reload")
            #expect(result.status == .exited(1))
            #expect(result.error.contains("\(file):"), "\(result.error)")
            #expect(result.error.contains("nonsense"))
            #expect(try dig(web, at: server.endpoint).status == "NOERROR")
        }

        @Test func statusTellsHowTheServerIs() throws {
            let (server, _) = try AdminTests.server()
            let result = try command(server, "status")
            #expect(result.status == .exited(0), "\(result.error)")
            #expect(result.output.contains("clusters: 1\n"))
            #expect(result.output.contains("127.0.0.1:\(server.endpoint.port)"))
            #expect(try command(server, "status", "--json").output.hasPrefix("{"))
        }

        @Test func topPrintsOneSecondAsTextWhereThereIsNoTerminal() throws {
            let (server, _) = try AdminTests.server()
            let result = try command(server, "top")
            #expect(result.status == .exited(0), "\(result.error)")
            #expect(result.output.contains("queries: "))
            #expect(!result.output.contains("\u{1B}"))
        }

        // MARK: What must not happen

        @Test func commandsWithoutAServerEndWithThreeAndSaySo() throws {
            let directory = try TemporaryDirectory()
            let missing = "\(directory.path)/none.sock"
            for arguments in [
                ["status"], ["top"], ["reload"], ["flush"], ["explain", web], ["drain", "east"],
                ["restore", "east"],
            ] {
                let result = try run(.switchyard, arguments + ["--socket", missing])
                #expect(result.status == .exited(3), "\(arguments)")
                #expect(
                    result.error
                        == "switchyard: no server listens at \(missing); start it, or name its socket with --socket\n"
                )
            }
            let file = try directory.write("text", to: "file")
            #expect(try run(.switchyard, ["status", "--socket", file]).status == .exited(3))
            let long = String(repeating: "x", count: 200)
            #expect(try run(.switchyard, ["status", "--socket", long]).status == .exited(3))
        }

        @Test(arguments: [["flush", "--subtree"], ["drain"], ["explain"], ["status", "--nonsense"]])
        func usageEndsWithTwo(arguments: [String]) throws {
            #expect(try run(.switchyard, arguments).status == .exited(2))
        }

        @Test(arguments: [
            ("GET", "api/explain"), ("GET", "api/explain?name=a..b"), ("GET", "api/explain?name=a&type=%00"),
            ("GET", "api/explain?name=a&typ=A"), ("GET", "api/explain?name=a&name=b"),
            ("GET", "api/explain?name=a&live=maybe"), ("POST", "control/flush?subtree=true"),
            ("POST", "control/flush?everything=1"), ("POST", "control/flush?name=a&negative=yes"),
            ("POST", "control/drain"), ("POST", "control/drain?cluster=%2e%2e%2f"),
            ("POST", "control/restore?cluster="), ("POST", "control/reload?file=/etc/passwd"),
        ])
        func senselessRequestsAreRefusedAndChangeNothing(method: String, target: String) throws {
            let (server, port) = try AdminTests.server()
            _ = try dig(web, at: server.endpoint)
            let socket = ["--unix-socket", "\(server.directory.path)/control.sock"]
            let answer = try AdminTests.curl(socket + ["-X", method, "http://localhost/\(target)"])
            #expect(answer.status == "400")
            #expect(answer.body.contains("\"error\":"), "\(answer.body)")
            #expect(try command(server, "explain", web).output.contains("then: answered from the cache"))
            if method == "POST" {
                let url = "http://127.0.0.1:\(port)/\(target)"
                #expect(try AdminTests.curl(["-X", "POST", url]).status == "404")
            }
        }

        @Test func hugeNamesAreRefused() throws {
            let (server, _) = try AdminTests.server()
            for length in [64, 300, 5000] {
                let result = try command(server, "explain", String(repeating: "n", count: length))
                #expect(result.status == .exited(1))
                #expect(result.error.count < 300)
            }
            #expect(try command(server, "flush", String(repeating: "n.", count: 200)).status == .exited(1))
        }
    }
}
