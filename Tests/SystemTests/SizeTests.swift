import Testing

extension SystemTests {
    /// Sizes of replies, truncation, and TCP in its place (RFC 2181 §9, RFC 6891 §6.2, RFC 7766).
    @Suite struct SizeTests {
        private let many = "worker.batch.svc.east.k8s.corp"
        private let large = "large.shop.svc.east.k8s.corp"

        @Test(arguments: [
            (["+noedns"], 512), (["+bufsize=512"], 512), (["+bufsize=100"], 512), (["+bufsize=800"], 800),
        ])
        func replyIsNeverLargerThanTheClientTakes(options: [String], limit: Int) throws {
            let server = try Lab.server
            for (name, type) in [(many, "A"), (large, "TXT")] {
                let reply = try dig([name, type, "+ignore"] + options, at: server)
                #expect(reply.flags.contains("tc"), "\(reply)")
                #expect(reply.size <= limit, "\(reply)")
                #expect((reply.edns == nil) == (options == ["+noedns"]))
            }
        }

        @Test func replyIsNeverLargerThan1232OctetsOverUDP() throws {
            let reply = try dig(large, "TXT", "+bufsize=65535", "+ignore", at: try Lab.server)
            #expect(reply.flags.contains("tc"))
            #expect(reply.size <= 1232)
        }

        @Test func truncatedReplyHasNoPartOfAnRRset() throws {
            let reply = try dig(many, "+noedns", "+ignore", at: try Lab.server)
            #expect(reply.answer.isEmpty || reply.answer.count == 60, "\(reply)")
        }

        @Test func whatFitsIsNotTruncated() throws {
            let reply = try dig(many, "+bufsize=1232", "+ignore", at: try Lab.server)
            #expect(!reply.flags.contains("tc"), "\(reply)")
            #expect(reply.data("A").count == 60)
        }

        @Test func additionalRecordsAreLeftOutBeforeAnythingIsTruncated() throws {
            let labels = Array(repeating: LabZones.longLabel, count: 3)
            let name = labels.joined(separator: ".")
            let upstream = try ScriptedUpstream { request in
                var reply = TestMessage(to: request.query)
                // Two targets of nearly 250 octets: 512 octets hold the SRV records and not the addresses.
                let targets = ["a.\(name).cluster.local"]
                reply.answer = targets.map {
                    TestRecord(
                        owner: request.query.qname,
                        type: 33,
                        rdata: [0, 0, 0, 1, 0, 80] + wireName($0)
                    )
                }
                reply.additional = (1...40).map { .a(targets[0], "10.0.0.\($0)") }
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig("_h._tcp.web.east.k8s.corp", "SRV", "+noedns", "+ignore", at: server.endpoint)
            #expect(!reply.flags.contains("tc"), "\(reply)")
            #expect(reply.answer.count == 1)
            #expect(reply.additional.isEmpty || reply.additional.count == 40)
            #expect(reply.size <= 512)
        }

        @Test func digGetsTheRestOverTCPByItself() throws {
            let server = try Lab.server
            for options in [["+noedns"], ["+bufsize=512"], []] {
                let reply = try dig([large, "TXT"] + options, at: server)
                #expect(!reply.flags.contains("tc"))
                #expect(reply.answer.count == 1)
                #expect(reply.size > 2000)
            }
            #expect(try drill("-a", many, at: server).data("A").count == 60)
            #expect(try kdig(many, "+noedns", at: server).data("A").count == 60)
        }

        @Test func answerOf64KiBPassesOverTCP() throws {
            // 253 records of 255 octets and their headers: nearly all that a message can hold.
            let upstream = try ScriptedUpstream { request in
                var reply = TestMessage(to: request.query)
                guard request.isStream else {
                    reply.flags |= TestMessage.truncated
                    return [.reply(reply)]
                }
                let name = request.query.qname
                reply.answer = (0..<250).map {
                    .txt(name, [format3($0), String(repeating: "t", count: 210)])
                }
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            for _ in 0..<2 {
                let reply = try dig("huge.east.k8s.corp", "TXT", at: server.endpoint)
                #expect(reply.answer.count == 250)
                #expect(reply.size > 50_000)
            }
            #expect(upstream.requests.filter(\.isStream).count == 1, "the second came from the cache")
            let cut = try dig("huge.east.k8s.corp", "TXT", "+ignore", at: server.endpoint)
            #expect(cut.flags.contains("tc"))
            #expect(cut.size <= 1232)
        }
    }
}

/// A number with leading zeros.
private func format3(_ number: Int) -> String {
    String(repeating: "0", count: 3 - String(number).count) + String(number)
}
