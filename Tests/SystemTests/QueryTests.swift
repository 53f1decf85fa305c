import Testing

extension SystemTests {
    /// Headers, EDNS, classes, types and opcodes as clients see them (RFC 1035, RFC 6891, RFC 8906, RFC 9619).
    @Suite struct QueryTests {
        private let name = "web.shop.svc.east.k8s.corp"

        // MARK: Options of dig

        @Test func plainDigGetsAnAnswerWithOPTAndNoCookie() throws {
            let reply = try dig(name, at: try Lab.server)
            #expect(reply.status == "NOERROR")
            #expect(reply.flags == ["qr", "rd", "ra"], "\(reply)")
            #expect(reply.edns?.contains("version: 0") == true, "\(reply)")
            // dig sends a cookie; to send it back as it is would be wrong.
            #expect(!reply.description.contains("COOKIE"), "\(reply)")
        }

        @Test func clientWithoutOPTGetsNone() throws {
            let server = try Lab.server
            for name in [name, "nothing.shop.svc.east.k8s.corp", "web.esat.k8s.corp", "localhost"] {
                let reply = try dig(name, "+noedns", at: server)
                #expect(!reply.status.isEmpty)
                #expect(reply.edns == nil, "\(reply)")
            }
        }

        @Test func clientWithOPTGetsOneOnErrorsToo() throws {
            let server = try Lab.server
            for arguments in [
                ["nothing.shop.svc.east.k8s.corp"], ["example.org", "TKEY"], ["-c", "HS", name],
            ] {
                #expect(try dig(arguments, at: server).edns != nil, "\(arguments)")
            }
        }

        @Test func dnssecOKIsCopied() throws {
            let reply = try dig(name, "+dnssec", at: try Lab.server)
            #expect(reply.edns?.contains("flags: do") == true, "\(reply)")
            #expect(reply.data("A") == ["10.96.0.20"])
        }

        @Test func checkingDisabledIsCopied() throws {
            let server = try Lab.server
            for name in [name, "www.example.org", "localhost"] {
                let reply = try dig(name, "+cd", at: server)
                #expect(reply.flags.contains("cd"), "\(reply)")
                #expect(reply.answer.count == 1)
            }
        }

        @Test func authenticDataIsNeverClaimed() throws {
            let reply = try dig("www.example.org", "+adflag", "+dnssec", at: try Lab.server)
            #expect(!reply.flags.contains("ad"))
        }

        @Test func withoutRecursionDesiredOnlyWhatIsCachedIsAnswered() throws {
            let server = try Lab.server
            let fresh = "db-1.db.shop.svc.west.k8s.corp"
            let refused = try dig(fresh, "+norecurse", at: server)
            #expect(refused.status == "REFUSED")
            #expect(refused.extendedErrors.map(\.code) == [20], "\(refused)")
            #expect(try dig(fresh, at: server).data("A") == ["10.113.0.61"])
            let cached = try dig(fresh, "+norecurse", at: server)
            #expect(cached.data("A") == ["10.113.0.61"])
            #expect(!cached.flags.contains("rd"))
            #expect(cached.flags.contains("ra"))
        }

        @Test(arguments: [
            "+nsid", "+subnet=192.0.2.0/24", "+expire", "+keepalive", "+ednsopt=65001:abcdef", "+padding=128",
        ])
        func unknownOptionsAreNeitherEchoedNorRefused(option: String) throws {
            let reply = try dig(name, "+nocookie", option, at: try Lab.server)
            #expect(reply.data("A") == ["10.96.0.20"])
            #expect(reply.edns != nil)
            for word in ["NSID", "CLIENT-SUBNET", "EXPIRE", "KEEPALIVE", "OPT=65001", "PAD"] {
                #expect(!reply.description.contains("; \(word)"), "\(reply)")
            }
        }

        @Test func cookieOfAClientIsNotSentBack() throws {
            let reply = try dig(name, "+cookie=0123456789abcdef", at: try Lab.server)
            #expect(reply.data("A") == ["10.96.0.20"])
            #expect(!reply.description.contains("COOKIE:"))
        }

        @Test func unknownVersionOfEDNSIsBADVERSWithVersionZero() throws {
            let server = try Lab.server
            let reply = try dig(name, "+edns=1", "+noednsneg", at: server)
            #expect(reply.status == "BADVERS")
            #expect(reply.edns?.contains("version: 0") == true)
            #expect(reply.answer.isEmpty)
            // With negotiation dig asks again.
            #expect(try dig(name, "+edns=100", at: server).data("A") == ["10.96.0.20"])
        }

        @Test func unknownEDNSFlagsAreNotCopied() throws {
            let reply = try dig(name, "+ednsflags=0x4321", at: try Lab.server)
            #expect(reply.data("A") == ["10.96.0.20"])
            #expect(!reply.description.contains("MBZ"), "\(reply)")
        }

        @Test func reservedHeaderBitIsNotCopied() throws {
            let reply = try dig(name, "+zflag", at: try Lab.server)
            #expect(reply.data("A") == ["10.96.0.20"])
            #expect(!reply.description.contains("MBZ"), "\(reply)")
        }

        @Test(arguments: ["IQUERY", "STATUS", "NOTIFY", "UPDATE", "6", "15"])
        func otherOpcodesAreNOTIMP(opcode: String) throws {
            let reply = try dig(name, "+opcode=\(opcode)", at: try Lab.server)
            #expect(reply.status == "NOTIMP", "\(reply)")
        }

        @Test func headerWithoutQuestionIsFORMERR() throws {
            #expect(try dig("+header-only", at: try Lab.server).status == "FORMERR")
        }

        @Test func kdigAndDrillAreServedAsWell() throws {
            let server = try Lab.server
            #expect(try kdig(name, "+noedns", at: server).data("A") == ["10.96.0.20"])
            #expect(try kdig(name, "+dnssec", "+bufsize=4096", at: server).data("A") == ["10.96.0.20"])
            #expect(try kdig(name, "+tcp", at: server).data("A") == ["10.96.0.20"])
            #expect(try kdig(name, "+cookie", at: server).data("A") == ["10.96.0.20"])
            #expect(try drill("-D", name, at: server).data("A") == ["10.96.0.20"])
            #expect(try drill("-t", name, at: server).data("A") == ["10.96.0.20"])
            #expect(try drill("-oCD", name, at: server).data("A") == ["10.96.0.20"])
        }

        // MARK: Types

        @Test func unknownTypeIsNoData() throws {
            #expect(try dig(name, "TYPE65300", at: try Lab.server).isNoData)
        }

        @Test func anyIsAnsweredMinimally() throws {
            let server = try Lab.server
            for transport in ["+notcp", "+tcp"] {
                let reply = try dig(name, "ANY", transport, at: server)
                #expect(reply.status == "NOERROR")
                #expect(Set(reply.answer.map(\.type)).count == 1, "one RRset: \(reply)")
            }
            #expect(
                try dig("nothing.shop.svc.east.k8s.corp", "ANY", "+notcp", at: server).status == "NXDOMAIN"
            )
        }

        @Test(arguments: [UInt16(251), 252]) func transfersAreRefused(type: UInt16) throws {
            let server = try Lab.server
            for zone in ["east.k8s.corp", "example.org", "k8s.corp"] {
                let query = TestMessage(query: zone, type)
                #expect(try RawClient.ask(query, of: server).responseCode == Code.refused)
                let stream = try StreamClient(server)
                stream.send(query)
                let reply = try stream.receiveMessage()
                #expect(reply.responseCode == Code.refused)
                #expect(reply.answer.isEmpty)
            }
        }

        @Test(arguments: [UInt16(249), 250, 253, 254]) func metaTypesAreNotForwarded(type: UInt16) throws {
            let reply = try RawClient.ask(TestMessage(query: "www.example.org", type), of: try Lab.server)
            #expect(reply.responseCode == Code.notImp)
        }

        // MARK: Classes

        @Test(arguments: [
            ("version.bind", "switchyard"), ("version.server", "switchyard"), ("id.server", ""),
            ("hostname.bind", ""),
        ])
        func chaosTextTellsWhoAnswers(name: String, text: String) throws {
            let reply = try dig("CH", "TXT", name, at: try Lab.server)
            #expect(reply.status == "NOERROR", "\(reply)")
            #expect(reply.flags.contains("aa"))
            #expect(reply.answer.map(\.recordClass) == ["CH"])
            #expect(reply.answer.first?.data.contains(text) == true)
        }

        @Test func otherNamesOfClassCHAndOtherClassesAreRefused() throws {
            let server = try Lab.server
            for arguments in [
                ["CH", "TXT", "nothing.bind"], ["CH", "A", name], ["-c", "HS", name],
                ["-c", "ANY", name], ["-c", "CLASS65280", name],
            ] {
                let reply = try dig(arguments, at: server)
                #expect(reply.status == "REFUSED", "\(reply)")
                #expect(reply.answer.isEmpty)
            }
        }

        @Test func diagnosticsAreForThoseOfTheListOnly() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(
                clusterServers: [lab.east.endpoint],
                settings: "access: {allow: [127.0.0.0/8], diagnostics: [127.0.0.9/32]}"
            )
            let stranger = try dig("CH", "TXT", "version.bind", at: server.endpoint)
            #expect(stranger.status == "REFUSED")
            #expect(stranger.errorText.contains("access.diagnostics"), "\(stranger)")
            let friend = try dig("-b", "127.0.0.9", "CH", "TXT", "version.bind", at: server.endpoint)
            #expect(friend.status == "NOERROR")
        }

        @Test func clientsOutsideTheListAreRefused() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(
                clusterServers: [lab.east.endpoint],
                settings: "access: {allow: [127.0.0.9/32]}"
            )
            for transport in ["+notcp", "+tcp"] {
                let stranger = try dig(name, transport, at: server.endpoint)
                #expect(stranger.status == "REFUSED")
                #expect(stranger.answer.isEmpty)
                #expect(stranger.errorText.contains("access.allow"), "\(stranger)")
                let friend = try dig("-b", "127.0.0.9", name, transport, at: server.endpoint)
                #expect(friend.data("A") == ["10.96.0.20"])
            }
        }

        // MARK: Malformed queries

        /// Octets that are no query, and the answer that they get; nil for none.
        static let malformed: [(what: String, bytes: [UInt8], code: UInt16?)] = {
            let good = TestMessage(query: "web.shop.svc.east.k8s.corp").bytes
            func changed(_ change: (inout TestMessage) -> Void) -> [UInt8] {
                var message = TestMessage(query: "web.shop.svc.east.k8s.corp", edns: 1232)
                change(&message)
                return message.bytes
            }
            func counts(_ place: Int, _ value: UInt8) -> [UInt8] {
                var bytes = good
                bytes[place] = value
                return bytes
            }
            let opt = TestRecord(owner: "", type: Type.opt, recordClass: 1232, ttl: 0, rdata: [])
            var pointer = Array(good.prefix(12)) + [0xC0, 12]
            pointer += [0, 1, 0, 1]
            var reserved = good
            reserved[12] = 0x41
            let tooLong =
                Array(good.prefix(12)) + (0..<8).flatMap { _ in [31] + [UInt8](repeating: 97, count: 31) }
            return [
                ("a response", changed { $0.flags |= TestMessage.response }, nil),
                ("eleven octets", Array(good.prefix(11)), nil),
                ("one octet", [0], nil),
                ("header only", Array(good.prefix(12)), Code.formErr),
                ("no question", changed { $0.questions = [] }, Code.formErr),
                ("two questions", changed { $0.questions.append($0.questions[0]) }, Code.formErr),
                ("two OPT records", changed { $0.additional.append(opt) }, Code.formErr),
                ("OPT below a name", changed { $0.additional[0].owner = "example.org" }, Code.formErr),
                (
                    "OPT as answer",
                    changed {
                        $0.answer = $0.additional; $0.additional = []
                    }, Code.formErr
                ),
                ("half an EDNS option", changed { $0.additional[0].rdata = [0, 10, 0] }, Code.formErr),
                (
                    "EDNS option past the end", changed { $0.additional[0].rdata = [0, 10, 0, 9, 1] },
                    Code.formErr
                ),
                ("octets behind the question", good + [0], Code.formErr),
                ("question cut in the name", Array(good.prefix(20)), Code.formErr),
                ("question cut in the class", Array(good.dropLast()), Code.formErr),
                ("pointer to itself as QNAME", pointer, Code.formErr),
                ("label of a reserved kind", reserved, Code.formErr),
                ("name of 257 octets", tooLong + [0, 0, 1, 0, 1], Code.formErr),
                ("an answer that is not there", counts(7, 1), Code.formErr),
                ("65,280 records that are not there", counts(10, 255), Code.formErr),
            ]
        }()

        @Test func malformedQueriesGetTheirCodeOrNothing() throws {
            let server = try Lab.server
            for (what, bytes, code) in Self.malformed {
                let datagram = try RawClient.exchange(bytes, with: server, within: code == nil ? 0.3 : 8)
                #expect(datagram.map { UInt16($0[3] & 0xF) } == code, "\(what) over UDP")
                if let datagram {
                    #expect(Array(datagram.prefix(2)) == Array(bytes.prefix(2)), "\(what): ID")
                }

                let stream = try StreamClient(server)
                stream.socket.send(frame(bytes))
                let message = stream.receive(within: code == nil ? 0.3 : 8)
                #expect(message.map { UInt16($0[3] & 0xF) } == code, "\(what) over TCP")
            }
            #expect(try dig(name, at: server).data("A") == ["10.96.0.20"])
        }

        @Test func largeQueryIsReadAndOneThatIsTooLargeIsFORMERR() throws {
            let server = try Lab.server
            var query = TestMessage(query: name, edns: 1232)
            for (length, code) in [(3000, Code.noError), (60_000, Code.formErr)] {
                let option = [UInt8](repeating: 0, count: length)
                query.additional[0].rdata = [0xFD, 0xE9] + bigEndian(UInt16(length)) + option
                let reply = try RawClient.ask(query, of: server)
                #expect(reply.id == query.id)
                #expect(reply.responseCode == code, "\(length) octets over UDP")
            }
            // A stream has no such limit.
            let stream = try StreamClient(server)
            stream.send(query)
            #expect(try stream.receiveMessage().responseCode == Code.noError)
        }

        @Test func recordsInAQueryAreNoError() throws {
            var query = TestMessage(query: name, edns: 1232)
            query.flags |= 0x0010
            query.answer = [.a(name, "192.0.2.1")]
            query.authority = query.answer
            let reply = try RawClient.ask(query, of: try Lab.server)
            #expect(reply.responseCode == Code.noError)
            #expect(reply.questions == query.questions)
            #expect(reply.hasOPT)
            #expect(reply.answer == [.a(name, "10.96.0.20", ttl: reply.answer.first?.ttl ?? 0)])
        }
    }
}
