import Testing

extension SystemTests {
    /// Reloads of many clusters while clients ask.
    @Suite struct ReloadLoadTests {
        private static func configuration(
            _ stays: ScriptedUpstream,
            _ moves: ScriptedUpstream,
            generation: Int
        ) -> String {
            // Half of them have another server each time.
            let many = (0..<10_000).map { i in
                "  - {name: c\(i), servers: [10.\(i % 2 == 0 ? generation : 0).\(i >> 8).\(i & 255)]}\n"
            }
            return """
                listen: [127.0.0.1:PORT]
                workers: 2
                upstream: {servers: ["127.0.0.1:1"]}
                zonePattern: "{cluster}.k8s.corp"
                cache: {serveStale: 0s}
                clusters:
                  - {name: stays, servers: ["tcp://\(stays.endpoint)", "\(stays.endpoint)"]}
                  - {name: moves, servers: ["\(moves.endpoint)"]}
                \(many.joined())
                """
        }

        /// Some are in the cache, some are not, and some belong to the cluster that moves.
        private static func names(_ client: String) -> @Sendable (Int) -> String {
            { number in
                let host = number % 3 == 0 ? "same" : "n\(number)"
                let cluster = number % 2 == 0 ? "moves" : "stays"
                return "\(host).\(client).\(cluster).k8s.corp"
            }
        }

        @Test func noQueryIsLostWhileTenThousandClustersAreLoaded() throws {
            let upstreams = try (1...3).map { try ReloadTests.upstream("10.0.0.\($0)") }
            defer { for upstream in upstreams { upstream.stop() } }
            let server = try TestServer.switchyard(
                Self.configuration(upstreams[0], upstreams[1], generation: 1)
            )
            let load = Load()
            for client in 0..<2 {
                load.start(Self.names("udp\(client)")) {
                    let socket = try Socket.datagrams(to: server.endpoint)
                    return { query in
                        socket.send(query.bytes)
                        return try socket.receive(within: 8).map { try TestMessage(parsing: $0) }
                    }
                }
            }
            load.start(Self.names("tcp")) {
                let stream = try StreamClient(server.endpoint)
                return { query in
                    stream.send(query)
                    return try stream.receiveMessage(within: 8)
                }
            }
            for generation in 2...4 {
                let before = load.answered
                let moves = upstreams[generation % 2 + 1]
                let log = try server.reload(
                    Self.configuration(upstreams[0], moves, generation: generation)
                )
                #expect(log.contains("configuration loaded clusters=10002"), "\(log)")
                #expect(load.answered > before, "clients were answered meanwhile")
            }
            load.stop()
            let tally = load.tally
            #expect(tally.problems == [])
            #expect(tally.answered > 100)
        }
    }
}
