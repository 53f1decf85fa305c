import Synchronization
import Testing

extension SystemTests {
    /// What is asked of upstream servers, and what is made of their answers, right and wrong (RFC 5452, RFC 6891).
    @Suite struct UpstreamTests {
        private let name = "web.shop.svc.east.k8s.corp"

        private static func good(_ request: ScriptedUpstream.Request) -> TestMessage {
            TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
        }

        // MARK: Queries

        @Test func queryHasOurOwnOPTAndNothingOfTheClients() throws {
            let upstream = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream, default: upstream.endpoint)
            for name in [name, "www.example.org"] {
                let options = [
                    "+nsid", "+subnet=192.0.2.0/24", "+cookie", "+bufsize=4096", "+ednsopt=65001:ab",
                ]
                #expect(try dig([name] + options, at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(upstream.names == ["web.shop.svc.cluster.local", "www.example.org"])
            for request in upstream.requests {
                #expect(request.query.flags == TestMessage.recursionDesired)
                let opt = TestRecord(owner: "", type: Type.opt, recordClass: 1232, ttl: 0, rdata: [])
                #expect(request.query.additional == [opt])
            }
        }

        @Test func portsAndIDsAreNotPredictable() throws {
            let upstream = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let socket = try Socket.datagrams(to: server.endpoint)
            for i in 0..<400 {
                socket.send(TestMessage(query: "n\(i).east.k8s.corp").bytes)
                #expect(socket.receive(within: 8) != nil)
            }
            let requests = upstream.requests
            #expect(requests.count == 400)
            // Of 65,536 IDs, 400 random ones have some 398.8 different values.
            #expect(Set(requests.map(\.query.id)).count > 380)
            #expect(Set(requests.map(\.clientPort)).count >= 4)
            let steps = Set(zip(requests, requests.dropFirst()).map { $1.query.id &- $0.query.id })
            #expect(steps.count > 380, "IDs do not count up")
        }

        /// 512 queries at most go through a socket, so that these need at least twelve, where eight are open at a time.
        @Test func portsAreReplacedAllTheTime() throws {
            let upstream = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let socket = try Socket.datagrams(to: server.endpoint)
            for first in stride(from: 0, to: 6000, by: 20) {
                for i in first..<first + 20 {
                    socket.send(TestMessage(query: "n\(i).east.k8s.corp").bytes)
                }
                for _ in 0..<20 { #expect(socket.receive(within: 8) != nil) }
            }
            #expect(upstream.requests.count >= 6000)
            #expect(Set(upstream.requests.map(\.clientPort)).count >= 12)
        }

        @Test func equalQuestionsInFlightAreMergedAndEachClientGetsItsOwnReply() throws {
            let upstream = try ScriptedUpstream { [.sendLater(milliseconds: 200, Self.good($0).bytes)] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let clients = try (0..<20).map { i in
                let spelled =
                    i % 3 == 0 ? name : (i % 3 == 1 ? name.uppercased() : "Web.sHop.svc.East.k8s.corp")
                var query = TestMessage(query: spelled, edns: i % 2 == 0 ? 1232 : nil)
                if i % 5 == 0 { query.flags |= 0x0010 }
                let socket = try Socket.datagrams(to: server.endpoint)
                socket.send(query.bytes)
                return (query: query, socket: socket)
            }
            for (query, socket) in clients {
                let reply = try TestMessage(parsing: try #require(socket.receive(within: 8)))
                #expect(reply.id == query.id)
                #expect(reply.questions == query.questions)
                #expect(reply.hasOPT == query.hasOPT)
                #expect(reply.flags & 0x0010 == query.flags & 0x0010)
                #expect(reply.answer.map(\.rdata) == [[10, 0, 0, 1]])
            }
            // One question; a slow machine may have made it be sent again, thrice in all.
            #expect(upstream.requests.count <= 3)
        }

        @Test func serverBehindTcpIsAskedOverTCPOnly() throws {
            let upstream = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: ["tcp://\(upstream.endpoint)"]}
                """
            )
            for i in 0..<5 {
                #expect(try dig("n\(i).example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
            #expect(upstream.requests.count == 5)
            #expect(upstream.requests.allSatisfy { $0.isStream })
        }

        @Test(.enabled(if: Machine.hasIPv6)) func serverWithAnIPv6AddressIsAsked() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [Endpoint("::1", lab.east.endpoint.port)])
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.96.0.20"])
            // Larger than a datagram may be: over TCP as well.
            let large = try dig("large.shop.svc.east.k8s.corp", "TXT", "+tcp", at: server.endpoint)
            #expect(large.answer.count == 1)
        }

        @Test func connectionThatTheServerClosesIsOpenedAgain() throws {
            let upstream = try ScriptedUpstream { [.reply(Self.good($0)), .close] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: ["tcp://\(upstream.endpoint)"]}
                """
            )
            for i in 0..<5 {
                #expect(try dig("n\(i).example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            }
        }

        @Test func queryOnAConnectionThatTheServerClosesIsAskedAgain() throws {
            let upstream = try ScriptedUpstream { request in
                // The second query goes over the first connection, and gets lost with it.
                let isLost = request.query.qname.hasPrefix("lost") && request.number < 2
                return isLost ? [.close] : [.reply(Self.good(request))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream: {servers: ["tcp://\(upstream.endpoint)"]}
                """
            )
            #expect(try dig("first.example.org", at: server.endpoint).data("A") == ["10.0.0.1"])
            let reply = try dig("lost.example.org", at: server.endpoint)
            #expect(reply.data("A") == ["10.0.0.1"], "\(reply)")
        }

        // MARK: Forged and damaged responses

        @Test(arguments: Damage.allCases)
        func wrongResponseIsIgnoredAndTheRightOneStillAccepted(damage: Damage) throws {
            let upstream = try ScriptedUpstream { request in
                var actions = damage.responses(to: request.query).map(ScriptedUpstream.Action.send)
                if damage == .otherPort {
                    var forged = Self.good(request)
                    forged.answer = [.a(request.query.qname, "192.0.2.66")]
                    actions = [.sendFromElsewhere(forged.bytes)]
                }
                return actions + [.sendLater(milliseconds: 100, Self.good(request).bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig(name, at: server.endpoint)
            #expect(reply.data("A") == ["10.0.0.1"], "\(reply)")
        }

        @Test func lateResponseToTheFirstSendIsStillTaken() throws {
            // Later than the retransmission, and only to the first query.
            let upstream = try ScriptedUpstream { request in
                request.number == 0 ? [.sendLater(milliseconds: 900, Self.good(request).bytes)] : []
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(upstream.requests.count > 1)
        }

        @Test func truncatedResponseIsAskedForAgainOverTCP() throws {
            let upstream = try ScriptedUpstream { request in
                var reply = Self.good(request)
                if !request.isStream {
                    reply.answer = [.a(request.query.qname, "192.0.2.66")]
                    reply.flags |= TestMessage.truncated
                }
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(upstream.requests.map(\.isStream) == [false, true])
        }

        @Test func serverThatDoesNotKnowEDNSIsAskedWithoutFromThenOn() throws {
            for code in [Code.formErr, Code.notImp] {
                let upstream = try ScriptedUpstream { request in
                    var refusal = TestMessage(to: request.query, code: code)
                    if code == Code.formErr { refusal.questions = [] }
                    return [.reply(request.query.hasOPT ? refusal : Self.good(request))]
                }
                defer { upstream.stop() }
                let server = try TestServer.switchyard(cluster: upstream)
                #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
                #expect(try dig("cart.shop.svc.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
                #expect(upstream.requests.map(\.query.hasOPT) == [true, false, false])
            }
        }

        @Test func serverThatSaysBADVERSIsAskedWithoutOPT() throws {
            let upstream = try ScriptedUpstream { request in
                guard request.query.hasOPT else { return [.reply(Self.good(request))] }
                var refusal = TestMessage(to: request.query)
                // The upper bits of code 16.
                refusal.additional = [
                    TestRecord(owner: "", type: Type.opt, recordClass: 1232, ttl: 1 << 24, rdata: [])
                ]
                return [.reply(refusal)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test func truncationWithoutTCPIsPassedOverToTheNextServer() throws {
            let first = try ScriptedUpstream { request in
                if request.isStream { return [.close] }
                var reply = TestMessage(to: request.query)
                reply.flags |= TestMessage.truncated
                return [.reply(reply)]
            }
            let second = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer {
                first.stop()
                second.stop()
            }
            let server = try TestServer.switchyard(cluster: first, second)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            let alone = try TestServer.switchyard(cluster: first)
            let reply = try dig(name, at: alone.endpoint)
            #expect(reply.status == "SERVFAIL")
            #expect(!reply.flags.contains("tc"))
            #expect(reply.errorText.contains("\(first.endpoint)"), "\(reply)")
        }

        // MARK: Several servers

        @Test(arguments: [Code.servFail, Code.refused, Code.notImp, Code.formErr])
        func nextServerIsAskedWhenTheFirstDeclines(code: UInt16) throws {
            let first = try ScriptedUpstream { [.reply(TestMessage(to: $0.query, code: code))] }
            let second = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer {
                first.stop()
                second.stop()
            }
            let server = try TestServer.switchyard(cluster: first, second)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
            #expect(!first.requests.isEmpty)
            #expect(second.requests.count == 1)
        }

        @Test func firstServerOfTheListIsAskedFirst() throws {
            let first = try ScriptedUpstream { [.reply(Self.good($0))] }
            let second = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer {
                first.stop()
                second.stop()
            }
            let server = try TestServer.switchyard(cluster: first, second)
            for i in 0..<10 {
                #expect(try dig("n\(i).east.k8s.corp", at: server.endpoint).status == "NOERROR")
            }
            #expect(first.requests.count == 10)
            #expect(second.requests.isEmpty)
        }

        @Test func nextServerIsAskedWhenTheFirstIsClosedSilentOrBroken() throws {
            let silent = try ScriptedUpstream { _ in [] }
            let broken = try ScriptedUpstream { request in
                // A message whose header and question are right and whose records are not there.
                var bytes = Self.good(request).bytes
                bytes.removeLast(10)
                return [.send(bytes)]
            }
            let lame = try ScriptedUpstream { request in
                var referral = TestMessage(to: request.query)
                referral.authority = [TestRecord(owner: "local", type: Type.ns, rdata: wireName("a.local"))]
                return [.reply(referral)]
            }
            let second = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer { for server in [silent, broken, lame, second] { server.stop() } }
            let closed = Endpoint("127.0.0.1", try FreePort.find())
            for first in [closed, silent.endpoint, broken.endpoint, lame.endpoint] {
                let server = try TestServer.switchyard(clusterServers: [first, second.endpoint])
                let reply = try dig(name, at: server.endpoint)
                #expect(reply.data("A") == ["10.0.0.1"], "\(reply)")
            }
        }

        @Test func nameErrorIsFinalAndNotAskedOfTheNextServer() throws {
            let first = try ScriptedUpstream { request in
                var denial = TestMessage(to: request.query, code: Code.nxDomain)
                denial.authority = [.soa("cluster.local")]
                return [.reply(denial)]
            }
            let second = try ScriptedUpstream { [.reply(Self.good($0))] }
            defer {
                first.stop()
                second.stop()
            }
            let server = try TestServer.switchyard(cluster: first, second)
            #expect(try dig(name, at: server.endpoint).status == "NXDOMAIN")
            #expect(second.requests.isEmpty)
        }

        // MARK: What must not pass

        @Test func recordsThatDoNotBelongToTheAnswerAreLeftOut() throws {
            let upstream = try ScriptedUpstream { request in
                var reply = Self.good(request)
                reply.answer.append(.a("www.example.org", "192.0.2.66"))
                reply.authority = [
                    TestRecord(owner: "example.org", type: Type.ns, rdata: wireName("evil.example.org"))
                ]
                reply.additional = [
                    .a("evil.example.org", "192.0.2.66"), .a("other.cluster.local", "192.0.2.66"),
                ]
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for _ in 0..<2 {
                let reply = try dig(name, at: server.endpoint)
                #expect(reply.answer.map(\.owner) == ["\(name)."])
                #expect(!reply.description.contains("192.0.2.66"), "\(reply)")
                #expect(!reply.description.contains("example.org"))
            }
        }

        @Test func duplicateRecordsAreGivenOnce() throws {
            let upstream = try ScriptedUpstream { request in
                let upper = TestRecord.a(request.query.qname.uppercased(), "10.0.0.1")
                return [
                    .reply(
                        TestMessage(to: request.query, answer: [upper] + Self.good(request).answer + [upper])
                    )
                ]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test func aliasChainThatIsTooLongFails() throws {
            // c0 in east points to c1 in west, that to c2 in east, and so on.
            let upstream = try ScriptedUpstream { request in
                let next = (Int(request.query.qname.split(separator: ".").first?.dropFirst() ?? "") ?? 0) + 1
                let target = "c\(next).\(next % 2 == 0 ? "east" : "west").k8s.corp"
                return [.reply(TestMessage(to: request.query, answer: [.cname(request.query.qname, target)]))]
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
            let reply = try dig("c0.east.k8s.corp", at: server.endpoint)
            #expect(reply.status == "SERVFAIL", "\(reply)")
            #expect(reply.errorText.contains("CNAME chain"), "\(reply)")
            #expect((5..<40).contains(upstream.requests.count))
        }

        @Test func chainThatAServerLeavesUnfinishedIsCompleted() throws {
            // As authoritative servers and dnsmasq answer: the alias, and nothing of its target.
            let upstream = try ScriptedUpstream { request in
                let name = request.query.qname
                guard name.hasPrefix("alias") else { return [.reply(Self.good(request))] }
                return [
                    .reply(TestMessage(to: request.query, answer: [.cname(name, "www\(name.dropFirst(5))")]))
                ]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream, default: upstream.endpoint)
            for zone in ["east.k8s.corp", "example.org"] {
                let reply = try dig("alias.\(zone)", at: server.endpoint)
                #expect(reply.data("CNAME") == ["www.\(zone)."])
                #expect(reply.data("A") == ["10.0.0.1"], "\(reply)")
            }
        }

        @Test func denialWithSomebodyElsesSOAIsNotKept() throws {
            // A cluster that passes on what it does not know (its own DNS forwards) denies with the root's SOA.
            let upstream = try ScriptedUpstream { request in
                var denial = TestMessage(to: request.query, code: Code.nxDomain)
                denial.authority = [.soa("", ttl: 86_400, minimum: 86_400)]
                return [.reply(denial)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig(name, at: server.endpoint)
            #expect(reply.status == "NXDOMAIN")
            #expect(reply.authority.allSatisfy { $0.owner != "." }, "\(reply)")
        }
    }

    /// Responses that must not be taken for the answer.
    enum Damage: String, CaseIterable, Sendable {
        case wrongID
        case wrongName
        case wrongType
        case wrongClass
        case noResponseBit
        case otherOpcode
        case twoQuestions
        case emptyDatagram
        case halfHeader
        case garbage
        case otherPort

        func responses(to query: TestMessage) -> [[UInt8]] {
            var reply = TestMessage(to: query, answer: [.a(query.qname, "192.0.2.66")])
            switch self {
            case .wrongID:
                return [UInt16(1), 0x100, 0x8000].map { difference in
                    var wrong = reply
                    wrong.id ^= difference
                    return wrong.bytes
                }
            case .wrongName:
                reply.questions[0].name = "x" + query.qname.dropFirst()
                reply.answer[0].owner = reply.questions[0].name
            case .wrongType: reply.questions[0].type = Type.aaaa
            case .wrongClass: reply.questions[0].questionClass = 3
            case .noResponseBit: reply.flags &= ~TestMessage.response
            case .otherOpcode: reply.flags |= 0x2000
            case .twoQuestions: reply.questions.append(reply.questions[0])
            case .emptyDatagram: return [[]]
            case .halfHeader: return [Array(reply.bytes.prefix(6))]
            case .garbage: return [[UInt8](repeating: 0xFF, count: 600), [UInt8](repeating: 0, count: 12)]
            case .otherPort: return []
            }
            return [reply.bytes]
        }
    }
}
