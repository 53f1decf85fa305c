import Testing

extension SystemTests {
    /// Servers behind tcp:// (RFC 7766): how many connections they get, and for how long.
    @Suite struct StreamUpstreamTests {
        private static func forwarder(_ upstream: ScriptedUpstream, connections: Int) throws -> TestServer {
            try .switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream:
                  servers: ["tcp://\(upstream.endpoint)"]
                  probe: off
                  limits: {connections: \(connections)}
                """
            )
        }

        private static func good(_ request: ScriptedUpstream.Request) -> TestMessage {
            TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
        }

        @Test func busyServerGetsAsManyConnectionsAsItMay() throws {
            let upstream = try ScriptedUpstream { [.sendLater(milliseconds: 300, Self.good($0).bytes)] }
            defer { upstream.stop() }
            let server = try Self.forwarder(upstream, connections: 3)
            let socket = try Socket.datagrams(to: server.endpoint)
            for i in 0..<1000 {
                socket.send(TestMessage(query: "n\(i).example.org").bytes)
                // Not faster than they are read.
                if i % 20 == 19 { _ = server.process.wait(seconds: 0.005) }
            }
            var answers = 0
            while socket.receive(within: 5) != nil, answers < 999 { answers += 1 }
            #expect(answers > 900)
            #expect(Set(upstream.requests.map(\.connection)) == [1, 2, 3])
            #expect(try dig("quiet.example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test func answersMayComeInAnyOrder() throws {
            let upstream = try ScriptedUpstream { request in
                let isSlow = request.query.qname.hasPrefix("slow")
                return [.sendLater(milliseconds: isSlow ? 500 : 0, Self.good(request).bytes)]
            }
            defer { upstream.stop() }
            let server = try Self.forwarder(upstream, connections: 1)
            let client = try StreamClient(server.endpoint)
            let names = ["slow", "fast1", "fast2"].map { "\($0).example.org" }
            client.socket.send(names.flatMap { TestMessage(query: $0).framed })
            var order: [String] = []
            for _ in names { order.append(try client.receiveMessage().qname) }
            #expect(order.last == names[0])
            #expect(Set(upstream.requests.map(\.connection)) == [1])
        }

        @Test func serverThatWantsTheConnectionClosedGetsAnother() throws {
            let upstream = try ScriptedUpstream { request in
                var reply = Self.good(request)
                // edns-tcp-keepalive with a TIMEOUT of 0 (RFC 7828 §3.3.2).
                reply.additional = [
                    TestRecord(
                        owner: "",
                        type: Type.opt,
                        recordClass: 1232,
                        ttl: 0,
                        rdata: [0, 11, 0, 2, 0, 0]
                    )
                ]
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try Self.forwarder(upstream, connections: 2)
            for i in 0..<4 {
                #expect(try dig("n\(i).example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(upstream.requests.map(\.connection) == [1, 2, 3, 4])
            // Cookie and path follow.
            #expect(
                upstream.requests.allSatisfy {
                    $0.query.additional.first?.rdata.starts(with: [0, 11, 0, 0, 0, 10, 0, 8]) == true
                }
            )
        }

        @Test func queriesOfAConnectionThatEndsAreAskedAgain() throws {
            let upstream = try ScriptedUpstream { request in
                request.connection == 1 ? (request.number == 4 ? [.close] : []) : [.reply(Self.good(request))]
            }
            defer { upstream.stop() }
            let server = try Self.forwarder(upstream, connections: 1)
            let client = try StreamClient(server.endpoint)
            let names = (0..<5).map { "n\($0).example.org" }
            client.socket.send(names.flatMap { TestMessage(query: $0).framed })
            for _ in names { #expect(try client.receiveMessage().answer.count == 1) }
            // A server that closes like that gets one query on each connection from then on.
            #expect(Set(upstream.requests.map(\.connection)).isSuperset(of: [1, 2]))
        }
    }
}
