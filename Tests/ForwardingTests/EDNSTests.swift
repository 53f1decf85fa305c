import DNSWire
import Testing

/// Header bits and EDNS of replies and of our own queries (RFC 6891, RFC 4035 §3.2, RFC 5452).
@Suite struct EDNSTests {
    private let name = "web.shop.svc.east.k8s.corp"
    private let answer = ["web.shop.svc.cluster.local. 30 A 10.96.0.7"]

    /// The replies of a miss, of a hit, of a local answer and of a failure to one kind of client.
    private func replies(_ change: (inout ClientQuestion) -> Void) throws -> [ReadMessage] {
        let scenario = try Scenario()
        let miss = try scenario.ask("\(name) A", change)
        try scenario.respond(to: try scenario.next(), answer: answer)
        let hit = try scenario.ask("\(name) A", change)
        let local = try scenario.ask("nope.k8s.corp A", change)
        let failure = try scenario.ask("x.west.k8s.corp A", change)
        try scenario.respond(to: try scenario.next(), .servFail)
        let refused = try scenario.ask("\(name) AXFR", change)
        return try [miss, hit, local, failure, refused].map { try $0.read() }
    }

    @Test func withoutOPTThereIsNoOPTInTheReply() throws {
        for reply in try replies({ $0.payload = nil }) { #expect(reply.edns == nil) }
    }

    @Test func withOPTThereIsOneInEveryReply() throws {
        for reply in try replies({ $0.payload = 4096 }) {
            #expect(reply.edns?.version == 0)
            #expect(reply.edns?.udpPayloadSize == 1232)
            #expect(reply.edns?.dnssecOK == false)
        }
    }

    @Test func doIsCopied() throws {
        for reply in try replies({ $0.dnssecOK = true }) { #expect(reply.edns?.dnssecOK == true) }
    }

    @Test func rdAndCDAreCopiedAndRAIsSet() throws {
        for reply in try replies({ $0.checkingDisabled = true }) {
            #expect(reply.flags.checkingDisabled)
            #expect(reply.flags.recursionDesired)
            #expect(reply.flags.recursionAvailable)
            #expect(reply.flags.isResponse)
        }
        for reply in try replies({ _ in }) { #expect(!reply.flags.checkingDisabled) }
    }

    @Test func adAndZAreNeverSet() throws {
        for reply in try replies({ $0.authenticData = true }) {
            #expect(!reply.flags.authenticData)
            #expect(reply.flags.rawValue & 0x0040 == 0)
        }
    }

    @Test func onlyOurOwnAnswersAreAuthoritative() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A")
        try scenario.respond(to: try scenario.next(), answer: answer) {
            $0.flags |= HeaderFlags.authoritative
        }
        #expect(try !client.read().flags.isAuthoritative)
        #expect(try !scenario.ask("\(name) A").read().flags.isAuthoritative)
        #expect(try scenario.ask("localhost A").read().flags.isAuthoritative)
    }

    @Test func aClientsOptionsAreNotEchoed() throws {
        let cookie = EDNSOption(code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8])
        let options = [cookie, EDNSOption(code: 3, data: []), EDNSOption(code: 12, data: [0, 0, 0])]
        for reply in try replies({ $0.options = options }) {
            #expect(reply.options.allSatisfy { $0.code == 15 })
        }
    }

    @Test func aClientsOptionsDoNotGoUpstream() throws {
        let scenario = try Scenario()
        try scenario.ask("example.org A") {
            $0.options = [
                EDNSOption(code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8]),
                EDNSOption(code: 8, data: [0, 1, 24, 0, 192, 0, 2]), EDNSOption(code: 65_001, data: [1]),
            ]
            $0.payload = 4096
        }
        let query = try scenario.next()
        // A cookie of our own, and the path.
        #expect(query.message.options.map(\.code) == [10, 65_153])
        #expect(query.option(10) != [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(query.message.edns?.udpPayloadSize == 1232)
        #expect(query.message.edns?.version == 0)
    }

    @Test func ourQueriesAskForRecursionAndNothingElse() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A") {
            $0.authenticData = true
            $0.checkingDisabled = true
            $0.dnssecOK = true
        }
        let cluster = try scenario.next().message
        #expect(cluster.flags.rawValue == HeaderFlags.recursionDesired)
        #expect(cluster.edns?.dnssecOK == false)
        try scenario.ask("example.org A") {
            $0.authenticData = true
            $0.checkingDisabled = true
            $0.dnssecOK = true
        }
        let other = try scenario.next().message
        #expect(other.flags.rawValue == HeaderFlags.recursionDesired | HeaderFlags.checkingDisabled)
        #expect(other.edns?.dnssecOK == true)
    }

    @Test func messageIDsAreNotTheClients() throws {
        let scenario = try Scenario()
        var ids: Set<UInt16> = []
        for i in 0..<50 {
            try scenario.ask("n\(i).east.k8s.corp A") { $0.id = 7 }
            ids.insert(try scenario.next().message.header.id.rawValue)
        }
        #expect(ids.count > 45)
    }

    // MARK: Malformed EDNS

    @Test func anotherVersionIsBADVERS() throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("\(name) A") { $0.version = 1 }.read()
        #expect(reply.code == .badVers)
        #expect(reply.edns?.version == 0)
        #expect(reply.question == "\(name) A")
        #expect(scenario.isQuiet)
    }

    @Test func twoOPTRecordsAreAFormatError() throws {
        let scenario = try Scenario()
        var query = try ClientQuestion("\(name) A").write()
        query += query.suffix(11)
        query[11] = 2
        let reply = try scenario.ask(octets: query).read()
        #expect(reply.code == .formErr)
        #expect(reply.edns != nil)
        #expect(scenario.isQuiet)
    }

    @Test func optionsThatDoNotFillTheirOPTAreAFormatError() throws {
        let scenario = try Scenario()
        var query = try ClientQuestion("\(name) A").write()
        query += [0, 10, 0, 8, 1]
        query[query.count - 6] = 5
        #expect(try scenario.ask(octets: query).read().code == .formErr)
        #expect(scenario.isQuiet)
    }

    // MARK: Sizes

    /// What a client with this payload gets of 30 addresses, which take 480 octets behind the question.
    private func fitted(_ payload: UInt16?) throws -> ReadMessage {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A") { $0.payload = payload }
        try scenario.respond(
            to: try scenario.next(),
            answer: (1...30).map { "web.shop.svc.cluster.local. 30 A 10.96.0.\($0)" }
        )
        return try client.read()
    }

    @Test func withoutOPTAReplyHas512Octets() throws {
        let reply = try fitted(nil)
        #expect(reply.flags.isTruncated)
        #expect(reply.answer.isEmpty)
        #expect(reply.code == .noError)
    }

    @Test(arguments: [0, 1, 511, 512]) func aPayloadBelow512CountsAs512(payload: UInt16) throws {
        let reply = try fitted(payload)
        #expect(reply.flags.isTruncated)
        #expect(reply.edns != nil)
    }

    @Test(arguments: [700, 1232, 4096, 65_535]) func aLargerPayloadTakesTheAnswer(payload: UInt16) throws {
        let reply = try fitted(payload)
        #expect(!reply.flags.isTruncated)
        #expect(reply.answer.count == 30)
    }

    @Test func noReplyOverUDPHasMoreThan1232Octets() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) A") { $0.payload = 65_535 }
        try scenario.respond(
            to: try scenario.next(),
            answer: (1...90).map { "web.shop.svc.cluster.local. 30 A 10.96.0.\($0)" }
        )
        #expect(try client.read().flags.isTruncated)
        let stream = try scenario.ask("\(name) A", isStream: true) { $0.payload = nil }.read()
        #expect(stream.answer.count == 90)
        #expect(!stream.flags.isTruncated)
    }

    @Test func decorationIsDroppedBeforeTC() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("_x._tcp.east.k8s.corp SRV") { $0.payload = nil }
        let targets = (1...8).map { "db-\($0).db.shop.svc.cluster.local." }
        try scenario.respond(
            to: try scenario.next(),
            answer: targets.map { "_x._tcp.cluster.local. 30 SRV 0 0 80 \($0)" },
            additional: targets.map { "\($0) 30 A 10.96.0.1" }
        )
        let reply = try client.read()
        #expect(!reply.flags.isTruncated)
        #expect(reply.answer.count == 8)
        #expect(reply.additional.isEmpty)
    }

    @Test func anErrorTextNeverMakesAReplyTooLong() throws {
        let scenario = try Scenario()
        let label = String(repeating: "a", count: 63)
        let client = try scenario.ask("\(label).\(label).\(label).west.k8s.corp A") { $0.payload = 512 }
        try scenario.respond(to: try scenario.next(), .refused)
        let reply = try client.read()
        #expect(reply.octets.count <= 512)
        #expect(reply.code == .servFail)
        #expect(!reply.flags.isTruncated)
    }
}
