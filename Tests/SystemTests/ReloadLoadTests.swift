import Foundation
import Synchronization
import Testing

extension SystemTests {
    /// Reloads of many clusters while clients ask.
    @Suite struct ReloadLoadTests {
        /// What clients got.
        private struct Tally: Sendable {
            var answered = 0
            var problems: [String] = []
        }

        private final class Load: Sendable {
            let tally = Mutex(Tally())
            let isOver = Atomic<Bool>(false)
            private let clients = Mutex(0)
            private let ended = DispatchSemaphore(value: 0)

            /// Starts a client that asks one question after the other.
            func start(
                _ name: String,
                _ connect: @escaping @Sendable () throws -> (TestMessage) throws -> TestMessage?
            ) {
                let thread = Thread { [self] in
                    let ask = Result { try connect() }
                    var number = 0
                    while !isOver.load(ordering: .relaxed) {
                        number += 1
                        // Some are in the cache, some are not, and some belong to the cluster that moves.
                        let host = number % 3 == 0 ? "same" : "n\(number)"
                        let cluster = number % 2 == 0 ? "moves" : "stays"
                        let query = TestMessage(query: "\(host).\(name).\(cluster).k8s.corp")
                        note(query, Result { try ask.get()(query) })
                    }
                    ended.signal()
                }
                clients.withLock { $0 += 1 }
                thread.start()
            }

            private func note(_ query: TestMessage, _ result: Result<TestMessage?, any Error>) {
                tally.withLock { tally in
                    switch result {
                    case .success(let reply?)
                    where reply.id == query.id && reply.responseCode == 0 && reply.answer.count == 1:
                        tally.answered += 1
                    default:
                        if tally.problems.count < 10 { tally.problems.append("\(query.qname): \(result)") }
                    }
                }
            }

            func stop() {
                isOver.store(true, ordering: .relaxed)
                for _ in 0..<clients.withLock({ $0 }) { ended.wait() }
            }

            var answered: Int { tally.withLock { $0.answered } }
        }

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

        @Test func noQueryIsLostWhileTenThousandClustersAreLoaded() throws {
            let upstreams = try (1...3).map { try ReloadTests.upstream("10.0.0.\($0)") }
            defer { for upstream in upstreams { upstream.stop() } }
            let server = try TestServer.switchyard(
                Self.configuration(upstreams[0], upstreams[1], generation: 1)
            )
            let load = Load()
            for client in 0..<2 {
                load.start("udp\(client)") {
                    let socket = try Socket.datagrams(to: server.endpoint)
                    return { query in
                        socket.send(query.bytes)
                        return try socket.receive(within: 8).map { try TestMessage(parsing: $0) }
                    }
                }
            }
            load.start("tcp") {
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
            let tally = load.tally.withLock { $0 }
            #expect(tally.problems == [])
            #expect(tally.answered > 100)
        }
    }
}
