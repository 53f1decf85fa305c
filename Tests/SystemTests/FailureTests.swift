import Synchronization
import Testing

extension SystemTests {
    /// What clients are told when nobody answers (RFC 8914).
    @Suite struct FailureTests {
        private let name = "web.shop.svc.east.k8s.corp"

        @Test func closedPortIsNamedWithClusterAndServer() throws {
            let closed = Endpoint("127.0.0.1", try FreePort.find())
            let server = try TestServer.switchyard(clusterServers: [closed], default: closed)
            let reply = try dig(name, at: server.endpoint)
            #expect(reply.status == "SERVFAIL")
            #expect(reply.answer.isEmpty)
            #expect(reply.extendedErrors.map(\.code) == [23], "\(reply)")
            #expect(reply.errorText.contains("cluster east"), "\(reply)")
            #expect(reply.errorText.contains("\(closed)"), "\(reply)")
            // The default route is named, too.
            let other = try dig("www.example.org", at: server.endpoint)
            #expect(other.status == "SERVFAIL")
            #expect(other.errorText.contains("default"), "\(other)")
            #expect(other.errorText.contains("\(closed)"))
        }

        @Test func silentServerIsNamedBeforeTheClientGivesUp() throws {
            let blackHole = try Socket(.datagram, Endpoint("127.0.0.1", 0).family)
            #expect(blackHole.bind(to: Endpoint("127.0.0.1", 0)))
            let silent = Endpoint("127.0.0.1", blackHole.localPort)
            let server = try TestServer.switchyard(clusterServers: [silent])
            let started = ContinuousClock.now
            let reply = try dig(name, at: server.endpoint)
            // Stub resolvers wait 5 s.
            #expect(ContinuousClock.now - started < .seconds(5))
            #expect(reply.status == "SERVFAIL")
            #expect(reply.extendedErrors.map(\.code) == [22], "\(reply)")
            #expect(reply.errorText.contains("all servers are down, \(silent) timed out"), "\(reply)")
            var sends = 0
            while let octets = blackHole.receive(within: 0) {
                if try !TestMessage(parsing: octets).isProbe { sends += 1 }
            }
            #expect((2...3).contains(sends), "asked again, but not more than three times: \(sends)")
        }

        @Test func severalSilentServersDoNotAddUpTheirWaiting() throws {
            let upstreams = try (0..<4).map { _ in try ScriptedUpstream { _ in [] } }
            defer { for upstream in upstreams { upstream.stop() } }
            let server = try TestServer.switchyard(clusterServers: upstreams.map(\.endpoint))
            let started = ContinuousClock.now
            let reply = try dig(name, at: server.endpoint)
            #expect(ContinuousClock.now - started < .seconds(5))
            #expect(reply.status == "SERVFAIL")
            #expect(reply.extendedErrors.map(\.code) == [22], "\(reply)")
            #expect(upstreams.allSatisfy { !$0.requests.isEmpty }, "each of them was asked")
            #expect(upstreams.map(\.requests.count).reduce(0, +) <= 8)
        }

        @Test func circleOfTwoForwardersEndsInTime() throws {
            let port = try FreePort.find()
            let first = try TestServer.switchyard(clusterServers: [], default: Endpoint("127.0.0.1", port))
            let second = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT, 127.0.0.1:\(port)]
                upstream: {servers: ["\(first.endpoint)"]}
                """
            )
            for server in [first, second] {
                let started = ContinuousClock.now
                let reply = try dig("www\(server.endpoint.port).example.org", at: server.endpoint)
                #expect(ContinuousClock.now - started < .seconds(5))
                #expect(reply.status == "SERVFAIL", "\(reply)")
                #expect(try dig("CH", "TXT", "version.bind", at: server.endpoint).status == "NOERROR")
            }
        }

        @Test func serversThatAllDeclineAreReportedAsUnreachable() throws {
            let upstreams = try [Code.refused, Code.servFail].map { code in
                try ScriptedUpstream { [.reply(TestMessage(to: $0.query, code: code))] }
            }
            defer { for upstream in upstreams { upstream.stop() } }
            let server = try TestServer.switchyard(clusterServers: upstreams.map(\.endpoint))
            let reply = try dig(name, at: server.endpoint)
            // REFUSED would mean that we refuse.
            #expect(reply.status == "SERVFAIL")
            #expect(reply.extendedErrors.map(\.code) == [22], "\(reply)")
            #expect(reply.errorText.contains("cluster east"))
        }

        @Test func malformedAnswersAreReportedAsInvalidData() throws {
            let upstream = try ScriptedUpstream { request in
                var reply = TestMessage(to: request.query)
                // An A record of three octets.
                reply.answer = [TestRecord(owner: request.query.qname, type: Type.a, rdata: [10, 0, 0])]
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig(name, at: server.endpoint)
            #expect(reply.status == "SERVFAIL")
            #expect(reply.extendedErrors.map(\.code) == [24], "\(reply)")
            #expect(reply.errorText.contains("\(upstream.endpoint)"))
        }

        @Test func clientWithoutOPTGetsNoErrorText() throws {
            let closed = Endpoint("127.0.0.1", try FreePort.find())
            let server = try TestServer.switchyard(clusterServers: [closed])
            let reply = try dig(name, "+noedns", at: server.endpoint)
            #expect(reply.status == "SERVFAIL")
            #expect(reply.edns == nil)
            #expect(reply.extendedErrors.isEmpty)
        }

        @Test func deadClusterDoesNotSlowDownTheOthers() throws {
            let lab = try Lab.current
            let blackHole = try Socket(.datagram, Endpoint("127.0.0.1", 0).family)
            #expect(blackHole.bind(to: Endpoint("127.0.0.1", 0)))
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream: {servers: ["\(lab.publicDNS.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: dead, servers: ["127.0.0.1:\(blackHole.localPort)"]}
                  - {name: west, servers: ["\(lab.west.endpoint)"]}
                """
            )
            let waiting = try Socket.datagrams(to: server.endpoint)
            for i in 0..<500 { waiting.send(TestMessage(query: "n\(i).dead.k8s.corp").bytes) }
            // All of those are in flight for seconds to come.
            for i in 0..<50 {
                let query = TestMessage(query: i % 2 == 0 ? "n\(i).west.k8s.corp" : "n\(i).example.org")
                #expect(try RawClient.ask(query, of: server.endpoint).responseCode == Code.nxDomain)
            }
            #expect(try dig("web.shop.svc.west.k8s.corp", at: server.endpoint).data("A") == ["10.112.0.20"])
            var answers = 0
            while waiting.receive(within: answers == 0 ? 8 : 2) != nil { answers += 1 }
            #expect(answers == 500, "each of them is answered in the end")
        }

        @Test func serverThatComesBackIsUsedAgain() throws {
            let port = try FreePort.find()
            let server = try TestServer.switchyard(clusterServers: [Endpoint("127.0.0.1", port)])
            #expect(try dig(name, at: server.endpoint).status == "SERVFAIL")
            let upstream = try ScriptedUpstream(port: port) { request in
                [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            // Another name: the failure of the first is remembered.
            #expect(try dig("cart.shop.svc.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test func clusterThatIsDownFailsAtOnceAndComesBackWithinASecond() throws {
            let silent = Mutex(false)
            let upstream = try ScriptedUpstream { request in
                silent.withLock { $0 }
                    ? []
                    : [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig("warm.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            silent.withLock { $0 = true }
            // Whoever asks first finds out, and waits.
            let waiting = try Socket.datagrams(to: server.endpoint)
            waiting.send(TestMessage(query: "first.east.k8s.corp").bytes)
            let isDown = waitUntil(seconds: 10) {
                (try? dig(
                    "n\(UInt32.random(in: 0...UInt32.max)).east.k8s.corp",
                    "+time=1",
                    at: server.endpoint
                ))?
                .errorText.contains("all servers are down") == true
            }
            #expect(isDown)
            let before = upstream.requests.count
            let started = ContinuousClock.now
            for i in 0..<100 {
                let reply = try RawClient.ask(TestMessage(query: "m\(i).east.k8s.corp"), of: server.endpoint)
                #expect(reply.responseCode == Code.servFail)
            }
            let intervals = (ContinuousClock.now - started) / .milliseconds(500)
            #expect(Double(upstream.requests.count - before) <= intervals + 1, "one trial per interval")

            silent.withLock { $0 = false }
            let back = waitUntil(seconds: 10) {
                (try? dig("n\(UInt32.random(in: 0...UInt32.max)).east.k8s.corp", at: server.endpoint))?
                    .data("A") == ["10.0.0.1"]
            }
            #expect(back)
            #expect(
                waitUntil(seconds: 10) { waiting.receive(within: 0) != nil },
                "the first is answered, too"
            )
        }
    }
}
