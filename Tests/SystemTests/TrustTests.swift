import Testing

extension SystemTests {
    /// What of an upstream server's messages is believed: case, cookies, loops (RFC 5452 §9, RFC 7873).
    @Suite struct TrustTests {
        private static func good(_ request: ScriptedUpstream.Request) -> TestMessage {
            TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
        }

        // MARK: Case of letters

        /// Whether a query has a capital in its name.
        private func hasCapitals(_ request: ScriptedUpstream.Request) -> Bool {
            request.bytes[12..<(request.bytes.count - 4)].prefix { $0 != 0 }
                .contains { (65...90).contains($0) }
        }

        @Test func aServerThatFoldsLettersIsFoundOut() throws {
            let upstream = try ScriptedUpstream(keepsCase: false) { [.reply(Self.good($0))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for i in 0..<6 {
                let reply = try dig("N\(i).east.k8s.corp", at: server.endpoint)
                #expect(reply.answer.map(\.description) == ["N\(i).east.k8s.corp. 60 IN A 10.0.0.1"])
            }
            #expect(
                upstream.requests.map(\.isStream) == [false, true, false, true] + [
                    false, false, false, false,
                ]
            )
            #expect(
                upstream.requests.map(hasCapitals) == [true, false, true, false, false, false, false, false]
            )
        }

        @Test func aServerThatKeepsLettersIsAskedOverUDPOnly() throws {
            let upstream = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for i in 0..<20 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(upstream.requests.allSatisfy { !$0.isStream })
            #expect(upstream.requests.count(where: hasCapitals) > 15)
        }

        @Test func realServersKeepTheCaseOfLetters() throws {
            // knotd for east and west, dnsmasq for old, Unbound for all else.
            for name in ["east.k8s.corp", "west.k8s.corp", "old.k8s.corp"].map({ "Web.Shop.svc.\($0)" }) {
                let reply = try dig(name, at: try Lab.server)
                #expect(reply.status == "NOERROR")
                #expect(reply.answer.allSatisfy { $0.owner == "\(name)." })
            }
        }

        // MARK: Wrong messages

        @Test func aFloodOfGuessesLeadsToTCP() throws {
            let upstream = try ScriptedUpstream { request in
                guard !request.isStream else { return [.reply(Self.good(request))] }
                var wrong = TestMessage(to: request.query, answer: [.a(request.query.qname, "10.6.6.6")])
                // The right ID is the last.
                let first = wrong.id &- 400
                return (0...400 as ClosedRange<UInt16>).map { guess -> ScriptedUpstream.Action in
                    wrong.id = first &+ guess
                    return .reply(wrong)
                }
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for i in 0..<3 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(upstream.requests.first?.isStream == false)
            let others = upstream.requests.dropFirst()
            #expect(!others.isEmpty && others.allSatisfy { $0.isStream })
        }

        // MARK: Cookies

        private static let zone = """
            $TTL 30
            @ SOA ns.dns hostmaster 1 7200 1800 86400 5
            @ NS ns.dns
            ns.dns A 10.96.0.10
            * A 10.96.0.20

            """

        @Test func namedAcceptsTheCookieThatItGave() throws {
            let named = try TestServer.namedWithCookies(zone: "cluster.local", text: Self.zone)
            let server = try TestServer.switchyard(clusterServers: [named.endpoint])
            for i in 0..<4 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).data("A") == ["10.96.0.20"])
            }
            // Its log has K for a client cookie alone, V for one of its own, T for TCP.
            func queries(_ name: String) -> [String] {
                named.process.log.split(separator: "\n").map(String.init).filter {
                    $0.contains("query: ") && $0.lowercased().contains("query: \(name).cluster.local ")
                }
            }
            #expect(waitUntil(seconds: 5) { !queries("n3").isEmpty })
            let flags = (0..<4).map { i in
                queries("n\(i)").compactMap {
                    $0.split(separator: " ").last { $0.hasPrefix("+") }.map(String.init)
                }
            }
            #expect(
                flags == [["+E(0)K", "+E(0)V"], ["+E(0)V"], ["+E(0)V"], ["+E(0)V"]],
                "\(named.process.log)"
            )
        }

        @Test func knotdAcceptsTheCookieThatItGave() throws {
            let knot = try TestServer.knotd(zones: ["cluster.local": Self.zone], hasCookies: true)
            // A query with nothing but a client cookie gets none of its data.
            var bare = TestMessage(query: "n0.cluster.local", edns: 1232)
            bare.additional[0].rdata = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]
            #expect(try RawClient.ask(bare, of: knot.endpoint).answer.isEmpty)
            let server = try TestServer.switchyard(clusterServers: [knot.endpoint])
            for i in 0..<4 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).data("A") == ["10.96.0.20"])
            }
        }

        // MARK: Loops

        /// Asks a server that is part of a loop; every question must fail in time, and memory must not grow.
        private func expectQuickFailures(_ servers: [TestServer]) throws {
            let server = servers[0]
            _ = try dig("first.example.org", at: server.endpoint)
            let before = try servers.map { try $0.process.residentBytes }
            let socket = try Socket.datagrams(to: server.endpoint)
            for i in 0..<2000 {
                socket.send(TestMessage(query: "n\(i).example.org", edns: 1232).bytes)
                let bytes = try #require(socket.receive(within: 3), "no answer to question \(i)")
                #expect(try TestMessage(parsing: bytes).responseCode == Code.servFail)
            }
            let reply = try dig("last.example.org", at: server.endpoint)
            #expect(reply.errorText.contains("sends queries back to us"), "\(reply)")
            for (server, before) in zip(servers, before) {
                #expect(server.process.exitStatus == nil, "\(server.process.log)")
                let growth = try server.process.residentBytes - before
                #expect(growth < 8 << 20, "grew by \(growth >> 10) KiB")
            }
        }

        private func forwarder(port: UInt16, to upstream: UInt16) throws -> TestServer {
            try .switchyard(
                """
                listen: [127.0.0.1:PORT, 127.0.0.1:\(port)]
                workers: 2
                upstream: {servers: ["127.0.0.1:\(upstream)"]}
                """
            )
        }

        @Test func twoForwardersThatAskEachOtherSayNoAtOnce() throws {
            let ports = [try FreePort.find(), try FreePort.find()]
            let one = try forwarder(port: ports[0], to: ports[1])
            let other = try forwarder(port: ports[1], to: ports[0])
            try expectQuickFailures([one, other])
        }

        @Test func dnsmasqThatAsksUsIsLeftAlone() throws {
            let port = try FreePort.find()
            let dnsmasq = try TestServer.dnsmasq(
                ["--server=127.0.0.1#\(port)", "--host-record=ready.test,192.0.2.1"],
                probe: TestMessage(query: "ready.test")
            )
            let server = try forwarder(port: port, to: dnsmasq.endpoint.port)
            try expectQuickFailures([server])
        }

        @Test func aForwarderThatStripsOptionsIsFoundByTheProbe() throws {
            let port = try FreePort.find()
            // What it gets, it sends to us without OPT, and answers nothing.
            let sender = try Socket.datagrams(to: Endpoint("127.0.0.1", port))
            let box = try ScriptedUpstream(loopProbes: { sender.send($0) }) { request in
                sender.send(TestMessage(query: request.query.qname).bytes)
                return []
            }
            defer { box.stop() }
            let server = try forwarder(port: port, to: box.endpoint.port)
            try expectQuickFailures([server])
            #expect(box.requests.count < 20, "\(box.requests.count)")
        }

        @Test func aClusterThatHasUsResolveOtherNamesIsNoLoop() throws {
            let port = try FreePort.find()
            // As CoreDNS with an alias to an outside name: asks us for it, with the options that it was asked with.
            let upstream = try ScriptedUpstream { request in
                let name = request.query.qname
                guard name.hasSuffix("cluster.local") else { return [.reply(Self.good(request))] }
                var question = request.query
                question.questions[0].name = "www.example.org"
                guard
                    let bytes = try? RawClient.exchange(
                        question.bytes,
                        with: Endpoint("127.0.0.1", port),
                        within: 3
                    ),
                    let found = try? TestMessage(parsing: bytes)
                else { return [] }
                let alias = TestRecord.cname(name, "www.example.org")
                return [
                    .reply(
                        TestMessage(
                            to: request.query,
                            code: found.responseCode,
                            answer: [alias] + found.answer
                        )
                    )
                ]
            }
            defer { upstream.stop() }
            let publicDNS = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { publicDNS.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT, 127.0.0.1:\(port)]
                workers: 2
                upstream: {servers: ["\(publicDNS.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: ["\(upstream.endpoint)"]}
                """
            )
            let reply = try dig("www.east.k8s.corp", at: server.endpoint)
            #expect(reply.status == "NOERROR", "\(reply)")
            #expect(reply.data("A") == ["10.0.0.1"])
        }
    }
}
