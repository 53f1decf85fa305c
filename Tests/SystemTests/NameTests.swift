import Foundation
import Synchronization
import Testing

extension SystemTests {
    /// Servers that are given by host name, and by files that are written anew.
    @Suite struct NameTests {
        private let host = "dns.corp.example"

        private static func good(_ request: ScriptedUpstream.Request) -> [ScriptedUpstream.Action] {
            [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")]))]
        }

        /// A server that resolves the host to what a test says; nil makes it fail.
        private final class Resolver: Sendable {
            let answer: Mutex<String?>

            private let ttl: UInt32

            init(_ address: String?, ttl: UInt32 = 0) {
                answer = Mutex(address)
                self.ttl = ttl
            }

            func respond(_ request: ScriptedUpstream.Request) -> [ScriptedUpstream.Action] {
                guard let address = answer.withLock({ $0 }) else {
                    return [.reply(TestMessage(to: request.query, code: Code.servFail))]
                }
                guard request.query.qtype == Type.a else { return [.reply(TestMessage(to: request.query))] }
                let record = TestRecord.a(request.query.qname, address, ttl: ttl)
                return [.reply(TestMessage(to: request.query, answer: [record]))]
            }
        }

        /// A forwarder whose cluster east has one server, by name.
        private func server(port: UInt16, resolvedBy resolver: Endpoint) throws -> TestServer {
            try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 2
                upstream: {servers: ["127.0.0.1:1"], bootstrap: ["\(resolver)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - name: east
                    servers: ["\(host):\(port)"]
                """
            )
        }

        /// Asks for names that were not asked for before, until something holds; returns the RCODEs.
        private func ask(
            _ server: TestServer,
            seconds: Double,
            until condition: () -> Bool
        ) throws -> [UInt16] {
            let deadline = Deadline(seconds: seconds)
            var codes: [UInt16] = []
            while !condition(), !deadline.isOver {
                let name = "n\(codes.count)-\(Int.random(in: 0..<1_000_000)).east.k8s.corp"
                codes.append(
                    try RawClient.ask(TestMessage(query: name), of: server.endpoint).responseCode
                )
                usleep(20_000)
            }
            return codes
        }

        // MARK: Names

        @Test func theDefaultServersResolveTheNamesOfOthers() throws {
            let lab = try Lab.current
            let dns = try TestServer.dnsmasq(
                ["--local=/corp.example/", "--host-record=\(host),127.0.0.1"],
                probe: TestMessage(query: host)
            )
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 2
                upstream: {servers: ["\(dns.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - name: east
                    servers: ["tcp://\(host):\(lab.east.endpoint.port)"]
                """
            )
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            let reply = try dig("web.shop.svc.east.k8s.corp", at: server.endpoint)
            #expect(reply.data("A") == ["10.96.0.20"], "\(reply)")
            #expect(server.process.log.contains("server \(host) is now 127.0.0.1"))
        }

        @Test func aServerThatMovesIsFollowedWithoutAFailure() throws {
            let first = try ScriptedUpstream(host: "127.0.0.2", Self.good)
            let second = try ScriptedUpstream(host: "127.0.0.3", port: first.endpoint.port, Self.good)
            let resolver = Resolver("127.0.0.2")
            let dns = try ScriptedUpstream { resolver.respond($0) }
            defer { for upstream in [first, second, dns] { upstream.stop() } }
            let server = try server(port: first.endpoint.port, resolvedBy: dns.endpoint)
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            var codes = try ask(server, seconds: 10) { first.requests.count >= 5 }
            resolver.answer.withLock { $0 = "127.0.0.3" }
            codes += try ask(server, seconds: 20) { second.requests.count >= 5 }
            #expect(second.requests.count >= 5)
            #expect(Set(codes) == [Code.noError])
            let log = server.process.log
            #expect(log.contains("server \(host) is now 127.0.0.2"), "\(log)")
            #expect(log.contains("server \(host) is now 127.0.0.3"), "\(log)")
        }

        @Test func theAddressStaysWhileItsNameCannotBeResolved() throws {
            let upstream = try ScriptedUpstream(host: "127.0.0.2", Self.good)
            let resolver = Resolver("127.0.0.2")
            let dns = try ScriptedUpstream { resolver.respond($0) }
            defer { for upstream in [upstream, dns] { upstream.stop() } }
            let server = try server(port: upstream.endpoint.port, resolvedBy: dns.endpoint)
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            resolver.answer.withLock { $0 = nil }
            let codes = try ask(server, seconds: 20) { server.process.log.contains("cannot be resolved") }
            #expect(Set(codes) == [Code.noError])
            let asked = dns.requests.count
            #expect(waitUntil(seconds: 10) { dns.requests.count > asked })
            #expect(try dig("web.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            let lines = server.process.log.split(separator: "\n").filter { $0.contains("cannot be resolved") }
            #expect(lines.count == 1, "\(lines)")
            #expect(lines.first?.contains("127.0.0.2 stays in use") == true)
        }

        @Test func aServerThatIsDownIsLookedForBeforeTheTTLOfItsNameEnds() throws {
            let first = try ScriptedUpstream(host: "127.0.0.2", Self.good)
            let second = try ScriptedUpstream(host: "127.0.0.3", port: first.endpoint.port, Self.good)
            let resolver = Resolver("127.0.0.2", ttl: 300)
            let dns = try ScriptedUpstream { resolver.respond($0) }
            defer { for upstream in [second, dns] { upstream.stop() } }
            let server = try server(port: first.endpoint.port, resolvedBy: dns.endpoint)
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            let codes = try ask(server, seconds: 10) { first.requests.count >= 5 }
            #expect(Set(codes) == [Code.noError])
            first.stop()
            // It is looked for as long as it is down, not only once.
            let asked = dns.requests.count
            _ = try ask(server, seconds: 20) { dns.requests.count >= asked + 6 }
            resolver.answer.withLock { $0 = "127.0.0.3" }
            _ = try ask(server, seconds: 20) { second.requests.count >= 5 }
            #expect(second.requests.count >= 5)
            // Now that it is up, its name is left alone for as long as the TTL says.
            let now = dns.requests.count
            _ = try ask(server, seconds: 2) { false }
            #expect(dns.requests.count == now)
        }

        @Test func aNameThatIsNotResolvedYetIsSaidAndIsNoFailureForLong() throws {
            let upstream = try ScriptedUpstream(host: "127.0.0.2", Self.good)
            let resolver = Resolver(nil)
            let dns = try ScriptedUpstream { resolver.respond($0) }
            defer { for upstream in [upstream, dns] { upstream.stop() } }
            let server = try server(port: upstream.endpoint.port, resolvedBy: dns.endpoint)
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            let reply = try dig("web.east.k8s.corp", at: server.endpoint)
            #expect(reply.status == "SERVFAIL")
            let text = "cluster east: the name of its server \(host) is not resolved yet"
            #expect(reply.errorText.contains(text), "\(reply)")
            resolver.answer.withLock { $0 = "127.0.0.2" }
            #expect(waitUntil(seconds: 20) { server.process.log.contains("is now 127.0.0.2") })
            #expect(
                waitUntil(seconds: 5) {
                    (try? dig("web.east.k8s.corp", at: server.endpoint).data("A")) == ["10.0.0.1"]
                }
            )
        }

        @Test func aNameThatLeadsToOurselvesIsLeftOut() throws {
            let resolver = Resolver("127.0.0.1")
            let dns = try ScriptedUpstream { resolver.respond($0) }
            defer { dns.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: ["127.0.0.1:1"], bootstrap: ["\(dns.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - name: east
                    servers: ["\(host):PORT"]
                """
            )
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            #expect(try dig("web.east.k8s.corp", at: server.endpoint).status == "SERVFAIL")
            let log = server.process.log
            #expect(log.contains("server \(host): 127.0.0.1 is this server itself and is left out"), "\(log)")
        }

        // MARK: Files

        /// Port 53 of addresses that nobody else has: resolv.conf(5) names no ports.
        @Test(.enabled(if: NameTests.mayListenOnPort53))
        func aResolvConfThatIsReplacedIsFollowed() throws {
            let network = "127.77.\(Int.random(in: 0...255))"
            let first = try ScriptedUpstream(host: "\(network).1", port: 53, Self.good)
            let second = try ScriptedUpstream(host: "\(network).2", port: 53, Self.good)
            defer { for upstream in [first, second] { upstream.stop() } }
            let directory = try TemporaryDirectory()
            let file = try directory.write("nameserver \(network).1\n", to: "resolv.conf")
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: [\(file)]}
                """
            )
            #expect(waitUntil(seconds: 10) { server.process.log.contains("listening") })
            #expect(try dig("a.example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(first.requests.count >= 1)

            func replace(_ text: String) throws {
                let next = try directory.write(text, to: "resolv.conf.next")
                let result = unsafe rename(next, file)
                #expect(result == 0)
            }
            // What names no server changes nothing.
            try replace("# nothing\n")
            #expect(waitUntil(seconds: 10) { server.process.log.contains("the servers stay as they were") })
            #expect(try dig("b.example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(second.requests.isEmpty)

            try replace("nameserver \(network).2\nnameserver fe80::1%lo\n")
            let now = "the servers of the default route are now \(network).2:53"
            #expect(waitUntil(seconds: 10) { server.process.log.contains(now) }, "\(server.process.log)")
            #expect(
                waitUntil(seconds: 5) {
                    _ = try? dig("n\(Int.random(in: 0..<1_000_000)).example.org", at: server.endpoint)
                    return !second.requests.isEmpty
                }
            )
            #expect(try dig("c.example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(server.process.log.contains("\(file):2:12: "))
        }

        private static let mayListenOnPort53: Bool = {
            guard let socket = try? Socket(.datagram, 2) else { return false }
            return socket.bind(to: Endpoint("127.77.0.1", 53))
        }()
    }
}
