import Glibc
import Testing

extension SystemTests {
    /// The end of the server.
    @Suite struct StopTests {
        private let name = "web.shop.svc.east.k8s.corp"

        @Test(arguments: [SIGTERM, SIGINT]) func signalEndsTheIdleServerWithZero(signal: Int32) throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [lab.east.endpoint])
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.96.0.20"])
            server.process.send(signal: signal)
            #expect(server.process.wait(seconds: 10) == .exited(0), "\(server.process.log)")
        }

        @Test func nothingIsLoggedPerQuery() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [lab.east.endpoint])
            // It may answer before it has said so.
            #expect(waitUntil(seconds: 5) { server.process.log.contains("listening") })
            let before = server.process.log
            for i in 0..<50 {
                _ = try RawClient.ask(TestMessage(query: "n\(i).shop.svc.east.k8s.corp"), of: server.endpoint)
            }
            #expect(server.process.log == before)
        }

        @Test(arguments: [SIGTERM, SIGINT]) func queriesInFlightAreAnsweredBeforeTheEnd(signal: Int32) throws
        {
            let upstream = try ScriptedUpstream { request in
                let reply = TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
                return [.sendLater(milliseconds: 1000, reply.bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let query = TestMessage(query: name)
            let datagrams = try Socket.datagrams(to: server.endpoint)
            datagrams.send(query.bytes)
            let stream = try StreamClient(server.endpoint)
            stream.send(TestMessage(query: "cart.shop.svc.east.k8s.corp"))
            #expect(waitUntil(seconds: 5) { upstream.requests.count >= 2 })
            server.process.send(signal: signal)
            let reply = try TestMessage(parsing: try #require(datagrams.receive(within: 8)))
            #expect(reply.id == query.id)
            #expect(reply.answer.count == 1)
            #expect(try stream.receiveMessage().answer.count == 1)
            #expect(server.process.wait(seconds: 10) == .exited(0), "\(server.process.log)")
        }

        @Test func openAndSilentConnectionsDoNotKeepTheServer() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [lab.east.endpoint])
            let silent = try StreamClient(server.endpoint)
            let half = try StreamClient(server.endpoint)
            half.socket.send([0])
            let used = try StreamClient(server.endpoint)
            used.send(TestMessage(query: name))
            #expect(used.receive() != nil)
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 15) == .exited(0), "\(server.process.log)")
            #expect(silent.isClosed(within: 1))
        }

        @Test func silentUpstreamDoesNotKeepTheServer() throws {
            let upstream = try ScriptedUpstream { _ in [] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let socket = try Socket.datagrams(to: server.endpoint)
            socket.send(TestMessage(query: name).bytes)
            #expect(waitUntil(seconds: 5) { !upstream.requests.isEmpty })
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 15) == .exited(0), "\(server.process.log)")
            let reply = try TestMessage(parsing: try #require(socket.receive(within: 1)))
            #expect(reply.responseCode == Code.servFail, "answered in the end, if only with a failure")
        }

        @Test func nothingNewIsAcceptedWhileStopping() throws {
            let upstream = try ScriptedUpstream { request in
                let reply = TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
                return [.sendLater(milliseconds: 1500, reply.bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let socket = try Socket.datagrams(to: server.endpoint)
            socket.send(TestMessage(query: name).bytes)
            #expect(waitUntil(seconds: 5) { !upstream.requests.isEmpty })
            server.process.send(signal: SIGTERM)
            #expect(
                waitUntil(seconds: 5) { (try? StreamClient(server.endpoint)) == nil },
                "new connections are refused while the query is in flight"
            )
            #expect(socket.receive(within: 8) != nil)
            #expect(server.process.wait(seconds: 10) == .exited(0))
        }

        @Test func portCanBeUsedAgainAtOnce() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [lab.east.endpoint])
            let client = try StreamClient(server.endpoint)
            client.send(TestMessage(query: name))
            #expect(client.receive() != nil)
            server.process.send(signal: SIGTERM)
            #expect(server.process.wait(seconds: 10) == .exited(0))
            // The connection of the first is in TIME_WAIT.
            let file = "\(server.directory.path)/switchyard.yaml"
            let second = try ChildProcess(.switchyard, ["serve", "-c", file])
            let answers = waitUntil(seconds: 10) {
                (try? RawClient.exchange(TestMessage(query: name).bytes, with: server.endpoint, within: 0.2))
                    ?? nil != nil
            }
            #expect(answers, "\(second.log)")
        }
    }
}

/// Waits until something has become true; false when the time is over.
func waitUntil(seconds: Double, _ condition: () -> Bool) -> Bool {
    let deadline = Deadline(seconds: seconds)
    while !deadline.isOver {
        if condition() { return true }
        usleep(10_000)
    }
    return condition()
}
