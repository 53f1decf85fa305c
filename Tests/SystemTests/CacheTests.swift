import Glibc
import Synchronization
import Testing

extension SystemTests {
    /// What is answered again without asking, for how long, and what never is (RFC 2181, RFC 2308, RFC 9520).
    @Suite struct CacheTests {
        private let name = "web.shop.svc.east.k8s.corp"

        /// Sleeps for whole seconds, as TTLs are counted.
        private func sleep(seconds: Double) { usleep(UInt32(seconds * 1_000_000)) }

        @Test func ttlGoesDownWithTime() throws {
            let server = try Lab.server
            let first = try #require(try dig("db-0.db.shop.svc.east.k8s.corp", at: server).answer.first)
            #expect(first.ttl <= 30)
            sleep(seconds: 2.1)
            let second = try #require(try dig("db-0.db.shop.svc.east.k8s.corp", at: server).answer.first)
            #expect(second.ttl <= first.ttl - 2)
            #expect(second.data == first.data)
        }

        @Test func ttlOfADenialGoesDownInItsSOA() throws {
            let server = try Lab.server
            let ask = { try dig("never.shop.svc.west.k8s.corp", at: server) }
            let first = try #require(try ask().authority.first)
            #expect(first.ttl <= 5)
            sleep(seconds: 1.1)
            let second = try ask()
            #expect(second.status == "NXDOMAIN")
            #expect(try #require(second.authority.first).ttl <= first.ttl - 1)
        }

        @Test func eachRRsetKeepsItsOwnTTL() throws {
            let reply = try dig("docs.shop.svc.west.k8s.corp", at: try Lab.server)
            let ttls = reply.answer.map(\.ttl)
            #expect(ttls.count == 2)
            #expect(ttls[0] <= 30, "the cluster's CNAME")
            #expect(ttls[1] > 30, "the public A record")
        }

        @Test func answerIsAskedForOnceAndWhateverTheCase() throws {
            let upstream = try ScriptedUpstream {
                [.reply(TestMessage(to: $0.query, answer: [.a($0.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for name in [name, name.uppercased(), "Web.Shop.Svc.East.K8s.Corp"] {
                let reply = try dig(name, at: server.endpoint)
                #expect(reply.data("A") == ["10.0.0.1"])
                #expect(reply.answer.first?.owner == "\(name).")
            }
            #expect(upstream.requests.count == 1)
        }

        @Test func twoClustersBehindOneAddressNeverShareAnEntry() throws {
            let upstream = try ScriptedUpstream { request in
                [
                    .reply(
                        TestMessage(
                            to: request.query,
                            answer: [.a(request.query.qname, "10.0.0.\(request.number)")]
                        )
                    )
                ]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: ["\(upstream.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: ["\(upstream.endpoint)"]}
                  - {name: west, servers: ["\(upstream.endpoint)"]}
                """
            )
            for _ in 0..<2 {
                #expect(try dig("web.shop.svc.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.0"])
                #expect(try dig("web.shop.svc.west.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(upstream.names == ["web.shop.svc.cluster.local", "web.shop.svc.cluster.local"])
        }

        @Test func expiredAndZeroTTLAnswersAreAskedForAgain() throws {
            let upstream = try ScriptedUpstream { request in
                let ttl: UInt32 = request.query.qname.hasPrefix("zero") ? 0 : 1
                return [
                    .reply(
                        TestMessage(
                            to: request.query,
                            answer: [.a(request.query.qname, "10.0.0.1", ttl: ttl)]
                        )
                    )
                ]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for count in 1...2 {
                #expect(try dig("zero.east.k8s.corp", at: server.endpoint).answer.first?.ttl == 0)
                #expect(upstream.requests.count == count)
            }
            for count in 3...4 {
                #expect(try dig("one.east.k8s.corp", at: server.endpoint).answer.count == 1)
                #expect(upstream.requests.count == count)
                sleep(seconds: 2.1)
            }
        }

        @Test func ttlsStayWithinTheConfiguredLimits() throws {
            let upstream = try ScriptedUpstream { request in
                let query = request.query
                var reply = TestMessage(to: query)
                switch query.qname.split(separator: ".").first ?? "" {
                case "low": reply.answer = [.a(query.qname, "10.0.0.1", ttl: 1)]
                case "high": reply.answer = [.a(query.qname, "10.0.0.1", ttl: 86_400)]
                case "negative": reply.answer = [.a(query.qname, "10.0.0.1", ttl: 0x8000_0001)]
                case "mixed":
                    reply.answer = [
                        .a(query.qname, "10.0.0.1", ttl: 500), .a(query.qname, "10.0.0.2", ttl: 20),
                    ]
                    reply.answer.append(reply.answer[0])
                default:
                    reply.flags |= Code.nxDomain
                    reply.authority = [.soa("cluster.local", ttl: 600, minimum: 600)]
                }
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                cluster: upstream,
                settings: "cache: {minTTL: 10s, maxTTL: 100s, negativeTTL: 7s}"
            )
            func ttls(_ name: String) throws -> [Int] {
                try dig("\(name).east.k8s.corp", at: server.endpoint).answer.map(\.ttl)
            }
            #expect(try ttls("low") == [10])
            #expect(try ttls("high") == [100])
            #expect(try ttls("negative") == [100])
            #expect(try ttls("mixed") == [20, 20], "one TTL for an RRset, duplicates gone")
            let denial = try dig("nothing.east.k8s.corp", at: server.endpoint)
            #expect(denial.authority.map(\.ttl) == [7], "\(denial)")
        }

        @Test func denialWithoutSOAIsNotCached() throws {
            let upstream = try ScriptedUpstream { [.reply(TestMessage(to: $0.query, code: Code.nxDomain))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for count in 1...2 {
                #expect(try dig(name, at: server.endpoint).status == "NXDOMAIN")
                #expect(upstream.requests.count == count)
            }
        }

        @Test func denialOfANameDoesNotHideWhatIsBelowIt() throws {
            // As CoreDNS does: it takes _tcp for a pod's name.
            let upstream = try ScriptedUpstream { request in
                let query = request.query
                if query.qname.hasPrefix("_tcp.") {
                    var denial = TestMessage(to: query, code: Code.nxDomain)
                    denial.authority = [.soa("cluster.local")]
                    return [.reply(denial)]
                }
                let rdata = [0, 0, 0, 100, 0, 80] + wireName("web.shop.svc.cluster.local")
                return [
                    .reply(
                        TestMessage(
                            to: query,
                            answer: [TestRecord(owner: query.qname, type: 33, rdata: rdata)]
                        )
                    )
                ]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig("_tcp.\(name)", "SRV", at: server.endpoint).status == "NXDOMAIN")
            let reply = try dig("_http._tcp.\(name)", "SRV", at: server.endpoint)
            #expect(reply.data("SRV") == ["0 100 80 web.shop.svc.east.k8s.corp."])
        }

        @Test func noDataOfOneTypeDoesNotHideAnother() throws {
            let server = try Lab.server
            #expect(try dig("cart.shop.svc.west.k8s.corp", "AAAA", at: server).isNoData)
            #expect(try dig("cart.shop.svc.west.k8s.corp", "A", at: server).data("A") == ["10.112.0.21"])
        }

        @Test func failureNeverReplacesACachedAnswer() throws {
            let flag = Flag()
            let upstream = try ScriptedUpstream { request in
                let code = flag.isSet ? Code.servFail : Code.noError
                return [
                    .reply(
                        TestMessage(
                            to: request.query,
                            code: code,
                            answer: flag.isSet ? [] : [.a(request.query.qname, "10.0.0.1")]
                        )
                    )
                ]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream, default: upstream.endpoint)
            for name in [name, "www.example.org"] {
                #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            flag.set()
            for name in [name, "www.example.org"] {
                // Another type fails, and with CD the same type fails on the default route.
                #expect(try dig(name, "AAAA", at: server.endpoint).status == "SERVFAIL")
                _ = try dig(name, "+cd", at: server.endpoint)
                #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            }
        }

        @Test func failureIsRememberedForSomeSecondsOnly() throws {
            let upstream = try ScriptedUpstream { request in
                request.number < 1
                    ? [.reply(TestMessage(to: request.query, code: Code.servFail))]
                    : [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig(name, at: server.endpoint).status == "SERVFAIL")
            let again = try dig(name, at: server.endpoint)
            #expect(again.status == "SERVFAIL")
            #expect(again.extendedErrors.map(\.code) == [13], "\(again)")
            #expect(upstream.requests.count == 1)
            // Another name of the same cluster is not touched by it.
            #expect(try dig("cart.shop.svc.east.k8s.corp", at: server.endpoint).status == "NOERROR")
            sleep(seconds: 6.1)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test func withoutACacheEveryQuestionIsAsked() throws {
            let upstream = try ScriptedUpstream {
                [.reply(TestMessage(to: $0.query, answer: [.a($0.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream, settings: "cache: {size: 0}")
            for count in 1...2 {
                #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
                #expect(upstream.requests.count == count)
            }
        }

        @Test func addressesTakeTurnsAndAliasesStayInFront() throws {
            let server = try Lab.server
            var orders: Set<[String]> = []
            for _ in 0..<8 { orders.insert(try dig("db.shop.svc.east.k8s.corp", at: server).data("A")) }
            #expect(orders == [["10.97.0.60", "10.97.0.61"], ["10.97.0.61", "10.97.0.60"]])
        }
    }
}

/// A switch that a script and a test share.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
