import DNSWire
import Forwarding
import Testing

/// Damaged messages of both sides: a defined reply, a defined drop, or the wait goes on until the deadline.
@Suite struct MutationTests {
    private static let mutationsPerCase = 3000 * fuzzFactor
    private static let defined: Set<UInt16> = [0, 1, 2, 3, 4, 5, 6, 16]
    private static let soa =
        "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5"

    /// Questions with the answers that are damaged.
    struct Exchange: CustomTestStringConvertible {
        var question: String
        var response: ServerResponse
        var dnssecOK = false
        var testDescription: String { question }
    }

    static let exchanges = [
        Exchange(
            question: "_http._tcp.db.shop.svc.east.k8s.corp SRV",
            response: ServerResponse(
                answer: (0..<3).map {
                    "_http._tcp.db.shop.svc.cluster.local. 30 SRV 0 50 80 db-\($0).db.shop.svc.cluster.local."
                },
                additional: (0..<3).map { "db-\($0).db.shop.svc.cluster.local. 30 A 10.96.1.\($0)" }
            )
        ),
        Exchange(
            question: "nope.shop.svc.east.k8s.corp A",
            response: ServerResponse(code: .nxDomain, authority: [soa])
        ),
        Exchange(
            question: "ext.shop.svc.east.k8s.corp A",
            response: ServerResponse(
                answer: [
                    "ext.shop.svc.cluster.local. 30 CNAME a.shop.svc.cluster.local.",
                    "a.shop.svc.cluster.local. 30 CNAME www.example.org.", "www.example.org. 30 A 192.0.2.1",
                    "www.example.org. 30 A 192.0.2.2",
                ]
            )
        ),
        Exchange(
            question: "web.old.svc.east.k8s.corp AAAA",
            response: ServerResponse(
                answer: [
                    "old.svc.cluster.local. 30 DNAME new.svc.cluster.local.",
                    "web.old.svc.cluster.local. 30 CNAME web.new.svc.cluster.local.",
                    "web.new.svc.cluster.local. 30 AAAA 2001:db8::1",
                ],
                authority: [soa]
            )
        ),
        Exchange(
            question: "sip.east.k8s.corp NAPTR",
            response: ServerResponse(
                answer: [
                    "sip.cluster.local. 30 NAPTR 1 2 \"s\" \"SIP+D2U\" \"\" _sip._udp.cluster.local.",
                    "sip.cluster.local. 30 NAPTR 2 2 \"s\" \"SIP+D2T\" \"!x!y!\" _sip._tcp.cluster.local.",
                ]
            )
        ),
        Exchange(
            question: "web.east.k8s.corp HTTPS",
            response: ServerResponse(
                answer: ["web.cluster.local. 30 HTTPS 1 web2.cluster.local. alpn=h2 ipv4hint=10.96.0.1"],
                additional: ["web2.cluster.local. 30 A 10.96.0.1"]
            )
        ),
        Exchange(
            question: "nope.example.org A",
            response: ServerResponse(
                code: .nxDomain,
                authority: [
                    "example.org. 30 SOA ns.example.org. host.example.org. 1 2 3 4 30",
                    "example.org. 30 RRSIG SOA 13 2 30 20300101000000 20200101000000 1 example.org. AAAA",
                    "example.org. 30 NSEC zz.example.org. A RRSIG NSEC",
                ]
            ),
            dnssecOK: true
        ),
        Exchange(
            question: "7.0.96.10.in-addr.arpa PTR",
            response: ServerResponse(
                answer: ["7.0.96.10.in-addr.arpa. 30 PTR web.shop.svc.cluster.local."],
                authority: ["10.in-addr.arpa. 30 NS ns.dns.cluster.local."]
            )
        ),
    ]

    @Test(arguments: exchanges.indices) func damagedResponsesNeverHarm(index: Int) throws {
        let exchange = Self.exchanges[index]
        var mutation = Mutation(seed: UInt64(index) + 1)
        var scenario = try Scenario()
        var question = ClientQuestion(exchange.question)
        question.dnssecOK = exchange.dnssecOK
        let query = try question.write()
        let source = Client(address: try readAddress("127.0.0.1"), isStream: index % 2 == 0)
        var bad = 0
        var answered = 0
        for round in 0..<Self.mutationsPerCase {
            if round % 500 == 0 { scenario = try Scenario() }
            let client = scenario.ask(octets: query, from: source)
            let sent = try scenario.next()
            let response = try exchange.response.write(for: sent)
            let octets = mutation.damage(response, from: 12 + sent.message.qname.length + 4)
            scenario.deliver(octets, to: sent, isCut: round % 50 == 0)
            if client.isAnswered {
                answered += 1
                // What was stored must be as readable as what was told.
                let again = scenario.ask(octets: query, from: source)
                if let octets = again.replies.first, !isReadable(octets) { bad += 1 }
            }
            settle(scenario)
            if !isDefined(client, query) { bad += 1 }
            if scenario.hasPending { bad += 1 }
        }
        #expect(bad == 0)
        // The damage must not all be of the kind that nobody looks at.
        #expect(answered > Self.mutationsPerCase / 10, "\(answered) answered")
    }

    @Test(arguments: 1...4) func damagedQueriesNeverHarm(seed: UInt64) throws {
        var mutation = Mutation(seed: seed * 1000)
        var queries: [[UInt8]] = []
        for text in [
            "web.shop.svc.east.k8s.corp A", "localhost AAAA", "nope.k8s.corp SRV", "version.bind TXT",
        ] {
            var question = ClientQuestion(text)
            question.options = [EDNSOption(code: 10, data: [1, 2, 3, 4, 5, 6, 7, 8])]
            question.qclass = text.hasPrefix("version") ? .chaos : .internet
            queries.append(try question.write())
            question.payload = nil
            queries.append(try question.write())
        }
        var scenario = try Scenario()
        let address = try readAddress("127.0.0.1")
        var bad = 0
        for round in 0..<6000 {
            if round % 500 == 0 { scenario = try Scenario() }
            let octets = mutation.damage(queries[round % queries.count], from: 2)
            let source = Client(address: address, isStream: round % 3 == 0)
            let client = scenario.ask(octets: octets, from: source)
            settle(scenario)
            if !isDefined(client, octets) { bad += 1 }
            if scenario.hasPending { bad += 1 }
        }
        #expect(bad == 0)
    }

    @Test(arguments: 1...2) func noiseNeverHarms(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let scenario = try Scenario()
        let address = try readAddress("127.0.0.1")
        var bad = 0
        for round in 0..<3000 {
            let length = Int.random(in: 0...(round % 10 == 0 ? 1200 : 60), using: &random)
            let octets = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let client = scenario.ask(
                octets: octets,
                from: Client(address: address, isStream: round % 2 == 0)
            )
            settle(scenario)
            if !isDefined(client, octets) { bad += 1 }
        }
        #expect(bad == 0)
        #expect(!scenario.hasPending)
    }

    @Test func aLoopOfPointersEnds() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.west.k8s.corp PTR")
        let sent = try scenario.next()
        let base = try ServerResponse(answer: ["web.cluster.local. 30 PTR a.cluster.local."]).write(for: sent)
        // The target points at itself, at the next octet, behind the message, into the header.
        let rdata = base.count - 11 - 4
        for target in [rdata, rdata + 1, 0x3FFF, 0, 2] {
            var octets = base
            octets[rdata] = 0xC0 | UInt8(target >> 8)
            octets[rdata + 1] = UInt8(target & 0xFF)
            let scenario = try Scenario()
            let client = try scenario.ask("web.west.k8s.corp PTR")
            let other = try scenario.next()
            octets[0] = UInt8(other.message.header.id.rawValue >> 8)
            octets[1] = UInt8(other.message.header.id.rawValue & 0xFF)
            scenario.deliver(octets, to: other)
            #expect(try client.read().code == .servFail)
        }
        try scenario.respond(to: sent, answer: ["web.cluster.local. 30 PTR a.cluster.local."])
        #expect(try client.read().answer.count == 1)
    }

    @Test func countsThatPromiseMoreThanThereIsAreMalformed() throws {
        for place in [6, 8, 10] {
            let scenario = try Scenario()
            let client = try scenario.ask("web.west.k8s.corp A")
            let query = try scenario.next()
            var octets = try ServerResponse(answer: ["web.cluster.local. 30 A 10.112.0.1"]).write(for: query)
            octets[place] = 0xFF
            scenario.deliver(octets, to: query)
            #expect(
                try client.read().errors == ["24 cluster west: 10.2.0.10:53 sent a malformed response"]
            )
        }
    }

    /// Lets every deadline, memory and TTL pass.
    private func settle(_ scenario: Scenario) {
        scenario.pass(seconds: 5)
        scenario.pass(seconds: 4000)
        scenario.skipSent()
    }

    /// Whether the client got what the rules allow for its octets.
    private func isDefined(_ client: ClientQuery, _ query: [UInt8]) -> Bool {
        if client.isDropped { return !client.isAnswered && (query.count < 12 || query[2] & 0x80 != 0) }
        guard client.replies.count == 1, let reply = client.replies.first, isReadable(reply) else {
            return false
        }
        return reply[0] == query[0] && reply[1] == query[1] && Self.defined.contains(UInt16(reply[3] & 0xF))
    }
}
