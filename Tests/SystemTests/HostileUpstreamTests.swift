import Synchronization
import Testing

extension SystemTests {
    /// Upstream servers that send anything at all (RFC 5452 §9).
    @Suite struct HostileUpstreamTests {
        /// Octets by which the server's memory may grow while some thousand questions are in flight.
        private static let growthMax = 48 << 20

        /// Responses of all shapes to a query.
        private static func response(to query: TestMessage, _ kind: Int) -> TestMessage {
            let name = query.qname
            var reply = TestMessage(to: query)
            switch kind % 7 {
            case 0: reply.answer = [.a(name, "10.0.0.1"), .a(name, "10.0.0.2")]
            case 1:
                reply.answer = [
                    .cname(name, "web.shop.svc.cluster.local"), .a("web.shop.svc.cluster.local", "10.0.0.1"),
                ]
            case 2: reply.answer = [.cname(name, "www.example.org"), .a("www.example.org", "192.0.2.1")]
            case 3:
                let rdata = [0, 0, 0, 1, 0, 80] + wireName("pod.\(name)")
                reply.answer = [TestRecord(owner: name, type: 33, rdata: rdata)]
                reply.additional = [.a("pod.\(name)", "10.0.0.3")]
            case 4:
                reply.flags |= Code.nxDomain
                reply.authority = [.soa("cluster.local")]
            case 5: reply.answer = (0..<20).map { .txt(name, ["text \($0)", "cluster.local"]) }
            default:
                let dname = TestRecord(owner: "cluster.local", type: 39, rdata: wireName("example.org"))
                reply.answer = [dname, .cname(name, "web.example.org")]
            }
            reply.additional.append(
                TestRecord(owner: "", type: Type.opt, recordClass: 1232, ttl: 0, rdata: [])
            )
            return reply
        }

        /// Asks many questions at once and returns how many got NOERROR; each must get a well-formed answer.
        private func askAll(_ count: Int, of server: TestServer) throws -> Int {
            var missing: [String: UInt16] = [:]
            var succeeded = 0
            let types: [UInt16] = [1, 1, 1, 33, 1, 16, 1]
            for i in 0..<count { missing["n\(i).east.k8s.corp"] = types[i % 7] }
            let socket = try Socket.datagrams(to: server.endpoint)
            func read(_ seconds: Double) throws -> Bool {
                guard let bytes = socket.receive(within: seconds) else { return false }
                let reply = try TestMessage(parsing: bytes)
                if missing.removeValue(forKey: reply.qname) != nil, reply.responseCode == Code.noError {
                    succeeded += 1
                }
                return true
            }
            // A datagram may be lost; whoever got no answer asks again, as clients do.
            for _ in 0..<3 where !missing.isEmpty {
                for (i, (name, type)) in missing.sorted(by: { $0.key < $1.key }).enumerated() {
                    socket.send(TestMessage(query: name, type, edns: i % 2 == 0 ? 1232 : nil).bytes)
                    if i % 10 == 9 { while try read(0.001) {} }
                }
                while !missing.isEmpty, try read(6) {}
            }
            #expect(missing.isEmpty, "\(missing.count) questions without answer: \(missing.keys.prefix(3))")
            return succeeded
        }

        @Test(.timeLimit(.minutes(2)), arguments: [false, true])
        func damagedResponsesDoNoHarm(isStream: Bool) throws {
            let mutators = Mutex(Mutator(seed: isStream ? 5 : 4))
            let box = Shared(mutators)
            let upstream = try ScriptedUpstream { request in
                let number = Int(request.query.qname.split(separator: ".").first?.dropFirst() ?? "") ?? 0
                let message = Self.response(to: request.query, number).bytes
                let questionEnd = 12 + wireName(request.query.qname).count + 4
                return box.value.withLock { mutator in
                    // Too many that match no query, and the server is asked over TCP only; too many broken connections,
                    // which fail what else is on them, and nothing is left to look at.
                    switch mutator.below(128) {
                    case 0 where isStream: return [.sendUnframed(mutator.mutate(message)), .close]
                    case 0: return [.send(mutator.bytes(mutator.below(1500)))]
                    case 1: return [.send(mutator.mutate(message))]
                    case 2..<18: return [.send(message)]
                    // Most pass the first look, so that the records are looked at.
                    default: return [.send(mutator.mutate(message, keeping: questionEnd))]
                    }
                }
            }
            defer { upstream.stop() }
            let count = isStream ? 1000 : 6000
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream: {servers: ["\(upstream.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: ["\(isStream ? "tcp://" : "")\(upstream.endpoint)"]}
                """
            )
            let before = try server.process.residentBytes
            let succeeded = try askAll(count, of: server)
            // On streams, each connection that the upstream breaks takes other queries with it.
            #expect(succeeded > (isStream ? 0 : count / 20))
            #expect(server.process.exitStatus == nil, "\(server.process.log)")
            let growth = try server.process.residentBytes - before
            #expect(growth < Self.growthMax, "grew by \(growth >> 10) KiB")
            #expect(try dig("CH", "TXT", "version.bind", at: server.endpoint).status == "NOERROR")
        }

        // MARK: Built to hurt

        /// Messages that a careless reader loops on, overruns, or blows up.
        enum Trap: String, CaseIterable, Sendable {
            case pointerToItself
            case pointersToEachOther
            case pointerForward
            case pointerPastTheEnd
            case nameOf300Octets
            case rdataPastTheEnd
            case nameInRdataPastItsEnd
            case countsOf65535
            case emptyRecords
            case octetsBehindTheMessage
            case aliasToItself
            case aliasesInACircle
            case dnameToItself
            case dnameOfTheRoot
            case emptySOA
            case optInAnswer
            case twoOPT

            func bytes(to query: TestMessage) -> [UInt8] {
                var reply = TestMessage(to: query)
                let name = query.qname
                let head = reply.bytes
                /// A message of the question and records of raw octets.
                func raw(_ count: UInt16, _ records: [UInt8]) -> [UInt8] {
                    var bytes = head + records
                    bytes[6] = UInt8(count >> 8)
                    bytes[7] = UInt8(count & 0xFF)
                    return bytes
                }
                func pointer(_ place: Int) -> [UInt8] { [0xC0 | UInt8(place >> 8), UInt8(place & 0xFF)] }
                let aRecord: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1]
                let cnameHead: [UInt8] = [0, 5, 0, 1, 0, 0, 0, 60]
                switch self {
                case .pointerToItself: return raw(1, pointer(head.count) + aRecord)
                case .pointersToEachOther:
                    return raw(1, pointer(head.count + 2) + pointer(head.count) + aRecord)
                case .pointerForward: return raw(1, pointer(head.count + 4) + [0, 0] + aRecord)
                case .pointerPastTheEnd: return raw(1, [0xFF, 0xFF] + aRecord)
                case .nameOf300Octets:
                    let labels = (0..<4).flatMap { _ in [63] + [UInt8](repeating: 97, count: 63) }
                    return raw(1, labels + pointer(12) + aRecord)
                case .rdataPastTheEnd: return raw(1, pointer(12) + [0, 1, 0, 1, 0, 0, 0, 60, 0xFF, 0xFF, 10])
                case .nameInRdataPastItsEnd: return raw(1, pointer(12) + cnameHead + [0, 2, 63, 97])
                case .countsOf65535: return raw(0xFFFF, pointer(12) + aRecord)
                case .emptyRecords: return raw(3, [0, 0, 0, 0])
                case .octetsBehindTheMessage: return raw(1, pointer(12) + aRecord) + [1, 2, 3]
                case .aliasToItself: return raw(1, pointer(12) + cnameHead + [0, 2] + pointer(12))
                case .aliasesInACircle:
                    reply.answer = [.cname(name, "b.cluster.local"), .cname("b.cluster.local", name)]
                case .dnameToItself:
                    reply.answer = [
                        TestRecord(owner: "cluster.local", type: 39, rdata: wireName("cluster.local"))
                    ]
                case .dnameOfTheRoot:
                    reply.answer = [TestRecord(owner: "", type: 39, rdata: wireName("cluster.local"))]
                case .emptySOA:
                    reply.flags |= Code.nxDomain
                    reply.authority = [TestRecord(owner: "cluster.local", type: Type.soa, rdata: [])]
                case .optInAnswer:
                    reply.answer = [TestRecord(owner: "", type: Type.opt, recordClass: 1232, rdata: [])]
                case .twoOPT:
                    let opt = TestRecord(owner: "", type: Type.opt, recordClass: 1232, ttl: 0, rdata: [])
                    reply.answer = [.a(name, "10.0.0.1")]
                    reply.additional = [opt, opt]
                }
                return reply.bytes
            }
        }

        @Test(arguments: [false, true]) func trapsEndInADefinedAnswer(isStream: Bool) throws {
            let upstream = try ScriptedUpstream { request in
                let trap = request.query.qname.split(separator: ".").first.flatMap {
                    Trap(rawValue: String($0))
                }
                if let trap { return [.send(trap.bytes(to: request.query))] }
                return [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream: {servers: ["\(isStream ? "tcp://" : "")\(upstream.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                  - {name: east, servers: ["\(isStream ? "tcp://" : "")\(upstream.endpoint)"]}
                """
            )
            for trap in Trap.allCases {
                for zone in ["east.k8s.corp", "example.org"] {
                    let query = TestMessage(query: "\(trap).\(zone)", edns: 1232)
                    let reply = try RawClient.ask(query, of: server.endpoint)
                    #expect(reply.id == query.id)
                    let allowed = [Code.noError, Code.servFail, Code.nxDomain]
                    #expect(allowed.contains(reply.responseCode), "\(trap): \(reply.responseCode)")
                    #expect(server.process.exitStatus == nil, "\(trap): \(server.process.log)")
                }
            }
            #expect(try dig("web.east.k8s.corp", at: server.endpoint).data("A") == ["10.0.0.1"])
        }

        @Test func answersThatFillOrOverfillAMessageAreGivenOrRefusedWhole() throws {
            let upstream = try ScriptedUpstream { request in
                var reply = TestMessage(to: request.query)
                guard request.isStream else {
                    reply.flags |= TestMessage.truncated
                    return [.reply(reply)]
                }
                let name = request.query.qname
                // Compressed on the wire, and too long once the longer zone is written into each SRV target.
                let isGrowing = name.hasPrefix("growing")
                let count = isGrowing ? 2300 : 4000
                var bytes = reply.bytes
                bytes[6] = UInt8(count >> 8)
                bytes[7] = UInt8(count & 0xFF)
                for i in 0..<count {
                    let number = bigEndian(UInt16(i))
                    if isGrowing {
                        bytes +=
                            [0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 10] + number + [
                                0, 0, 0, 80, 1, 97, 0xC0, 12,
                            ]
                    } else {
                        bytes += [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0] + number
                    }
                }
                return [.send(bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let whole = try dig("many.east.k8s.corp", "+tcp", at: server.endpoint)
            #expect(whole.answer.count == 4000)
            let cut = try dig("many.east.k8s.corp", "+ignore", at: server.endpoint)
            #expect(cut.flags.contains("tc"))
            #expect(cut.size <= 1232)
            let growing = try dig("growing.east.k8s.corp", "SRV", "+tcp", at: server.endpoint)
            #expect(growing.status == "SERVFAIL", "\(growing.status)")
            #expect(growing.errorText.contains("cluster east"), "\(growing.errorText)")
        }
    }
}

/// Lets closures share what cannot be copied.
private final class Shared: Sendable {
    let value: Mutex<Mutator>
    init(_ value: consuming sending Mutex<Mutator>) { self.value = value }
}
