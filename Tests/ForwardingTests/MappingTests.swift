import DNSWire
import PresentationFormat
import Testing

/// Names of a cluster's answer in the client's zone, in all sections and through compression (RFC 6672 §2.2).
@Suite struct MappingTests {
    /// RDATA as the cluster sends it and as the client must see it.
    @Test(arguments: [
        ("MX", "10 mail.shop.svc.cluster.local.", "10 mail.shop.svc.east.k8s.corp."),
        ("NS", "ns.dns.cluster.local.", "ns.dns.east.k8s.corp."),
        ("PTR", "web.shop.svc.cluster.local.", "web.shop.svc.east.k8s.corp."),
        ("SRV", "1 2 80 web.shop.svc.cluster.local.", "1 2 80 web.shop.svc.east.k8s.corp."),
        (
            "NAPTR", "1 2 \"s\" \"SIP+D2U\" \"\" _sip._udp.shop.svc.cluster.local.",
            "1 2 \"s\" \"SIP+D2U\" \"\" _sip._udp.shop.svc.east.k8s.corp."
        ),
        ("SVCB", "1 web.shop.svc.cluster.local. alpn=h2", "1 web.shop.svc.east.k8s.corp. alpn=h2"),
        ("HTTPS", "1 web.shop.svc.cluster.local. alpn=h2", "1 web.shop.svc.east.k8s.corp. alpn=h2"),
        ("RP", "admin.cluster.local. text.cluster.local.", "admin.east.k8s.corp. text.east.k8s.corp."),
        ("AFSDB", "1 db.cluster.local.", "1 db.east.k8s.corp."),
        ("RT", "1 relay.cluster.local.", "1 relay.east.k8s.corp."),
        ("KX", "1 kx.cluster.local.", "1 kx.east.k8s.corp."),
        ("PX", "1 a.cluster.local. b.cluster.local.", "1 a.east.k8s.corp. b.east.k8s.corp."),
        ("MINFO", "a.cluster.local. b.cluster.local.", "a.east.k8s.corp. b.east.k8s.corp."),
        (
            "SOA", "ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5",
            "ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 7200 1800 86400 5"
        ),
    ]) func namesInRdataAreMapped(type: String, cluster: String, client: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "web.shop.svc.east.k8s.corp \(type)",
            answer: ["web.shop.svc.cluster.local. 30 \(type) \(cluster)"]
        )
        #expect(reply.answer == ["web.shop.svc.east.k8s.corp. 30 \(type) \(client)"])
        // The same from the cache.
        let again = try scenario.ask("web.shop.svc.east.k8s.corp \(type)").read()
        #expect(again.answer == reply.answer)
        #expect(scenario.isQuiet)
    }

    @Test(arguments: [
        ("TXT", "\"web.shop.svc.cluster.local\" \"cluster.local\""), ("SRV", "0 0 0 ."), ("MX", "0 ."),
        ("HTTPS", "1 . alpn=h2"), ("HTTPS", "0 ."), ("SVCB", "1 . port=53"),
        ("SRV", "1 2 80 web.example.org."),
        ("MX", "10 cluster.local.example.org."), ("NS", "local."), ("SRV", "1 2 80 xcluster.local."),
        ("PTR", "ip-10-0-0-7.compute.internal."), ("HINFO", "\"cluster.local\" \"x\""),
        ("TYPE257", "\\# 7 00056973737565"),
        // A private type that holds the wire form of cluster.local: its shape is not ours to guess.
        ("TYPE65280", "\\# 15 07636c7573746572056c6f63616c00"),
    ]) func whatIsNoNameOfTheClusterStays(type: String, rdata: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "x.east.k8s.corp \(type)",
            answer: ["x.cluster.local. 30 \(type) \(rdata)"]
        )
        let expected = try ResourceRecord(presentation: "x.east.k8s.corp. 30 \(type) \(rdata)").presentation
        #expect(
            reply.answer == [expected.replacing("\t", with: " ").replacing(" IN ", with: " ")]
        )
    }

    @Test func srvTargetsAndTheirAddressesAreMappedTogether() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "_http._tcp.db.shop.svc.east.k8s.corp SRV",
            answer: [
                "_http._tcp.db.shop.svc.cluster.local. 30 SRV 0 50 80 db-0.db.shop.svc.cluster.local.",
                "_http._tcp.db.shop.svc.cluster.local. 30 SRV 0 50 80 db-1.db.shop.svc.cluster.local.",
            ],
            additional: [
                "db-0.db.shop.svc.cluster.local. 30 A 10.96.1.1",
                "db-1.db.shop.svc.cluster.local. 30 AAAA 2001:db8:e::1",
            ]
        )
        #expect(
            reply.answer == [
                "_http._tcp.db.shop.svc.east.k8s.corp. 30 SRV 0 50 80 db-0.db.shop.svc.east.k8s.corp.",
                "_http._tcp.db.shop.svc.east.k8s.corp. 30 SRV 0 50 80 db-1.db.shop.svc.east.k8s.corp.",
            ]
        )
        #expect(
            reply.additional == [
                "db-0.db.shop.svc.east.k8s.corp. 30 A 10.96.1.1",
                "db-1.db.shop.svc.east.k8s.corp. 30 AAAA 2001:db8:e::1",
            ]
        )
    }

    @Test func aDenialsSOAIsMappedInOwnerAndBothNames() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "nope.shop.svc.east.k8s.corp A",
            .nxDomain,
            authority: ["cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"]
        )
        #expect(reply.code == .nxDomain)
        #expect(
            reply.authority == [
                "east.k8s.corp. 5 SOA ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 2 3 4 5"
            ]
        )
    }

    @Test func aReverseLookupIsMappedBackByItsCluster() throws {
        let scenario = try Scenario()
        let east = try scenario.ask("7.0.96.10.in-addr.arpa PTR")
        let query = try scenario.next("10.1.0.10")
        #expect(query.question == "7.0.96.10.in-addr.arpa PTR")
        try scenario.respond(
            to: query,
            answer: ["7.0.96.10.in-addr.arpa. 30 PTR web.shop.svc.cluster.local."]
        )
        #expect(
            try east.read().answer == ["7.0.96.10.in-addr.arpa. 30 PTR web.shop.svc.east.k8s.corp."]
        )

        let west = try scenario.ask("7.0.112.10.in-addr.arpa PTR")
        let other = try scenario.next("10.2.0.10")
        try scenario.respond(
            to: other,
            answer: ["7.0.112.10.in-addr.arpa. 30 PTR web.shop.svc.cluster.local."]
        )
        #expect(
            try west.read().answer == ["7.0.112.10.in-addr.arpa. 30 PTR web.shop.svc.west.k8s.corp."]
        )
    }

    @Test func aReverseDenialKeepsItsOwnZonesSOA() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "9.9.96.10.in-addr.arpa PTR",
            .nxDomain,
            authority: ["10.in-addr.arpa. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"]
        )
        #expect(reply.code == .nxDomain)
        #expect(
            reply.authority == [
                "10.in-addr.arpa. 5 SOA ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 2 3 4 5"
            ]
        )
        #expect(try scenario.ask("9.9.96.10.in-addr.arpa PTR").read().code == .nxDomain)
        #expect(scenario.isQuiet)
    }

    // MARK: Case

    @Test func theClientsCaseIsEchoedOctetForOctet() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("WeB.Shop.SVC.EAST.k8s.Corp A")
        let query = try scenario.next()
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        let reply = try client.read()
        #expect(reply.question == "WeB.Shop.SVC.EAST.k8s.Corp A")
        #expect(reply.answer == ["WeB.Shop.SVC.EAST.k8s.Corp. 30 A 10.96.0.7"])
        let cached = try scenario.ask("wEb.sHOP.svc.east.K8S.corp A").read()
        #expect(cached.question == "wEb.sHOP.svc.east.K8S.corp A")
        #expect(cached.answer == ["wEb.sHOP.svc.east.K8S.corp. 30 A 10.96.0.7"])
    }

    @Test func anAnswerInCapitalsIsMappedAllTheSame() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("_http._tcp.web.shop.svc.east.k8s.corp SRV")
        let query = try scenario.next()
        try scenario.respond(
            to: query,
            answer: ["_HTTP._TCP.WEB.SHOP.SVC.CLUSTER.LOCAL. 30 SRV 0 0 80 WEB.SHOP.SVC.CLUSTER.LOCAL."],
            additional: ["WEB.SHOP.SVC.Cluster.LOCAL. 30 A 10.96.0.7"]
        )
        let reply = try client.read()
        #expect(
            reply.answer == [
                "_http._tcp.web.shop.svc.east.k8s.corp. 30 SRV 0 0 80 WEB.SHOP.SVC.east.k8s.corp."
            ]
        )
        #expect(reply.additional == ["web.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
    }

    // MARK: Compression

    @Test func compressedNamesAreReadWhereverTheyStand() throws {
        // RFC 3597 §4: senders should not compress in SRV, but receivers should understand it.
        let scenario = try Scenario()
        let client = try scenario.ask("_http._tcp.web.shop.svc.east.k8s.corp SRV")
        let query = try scenario.next()
        var writer = MessageWriter()
        writer.begin(
            Header(id: query.message.header.id, flags: HeaderFlags(rawValue: 0x8180), answerCount: 1)
        )
        try writer.appendQuestion(query.message.qname, .srv, .internet)
        let start = try writer.beginRecord(query.message.qname, .srv, .internet, ttl: 30)
        for number: UInt16 in [1, 2, 80] { try writer.append(number) }
        try writer.appendName(try DomainName(presentation: "web.shop.svc.cluster.local"), compress: true)
        try writer.endRecord(rdataOffset: start)
        #expect(writer.count - start == 8, "the target is a pointer")
        scenario.deliver(writer.bytes.toArray(), to: query)
        #expect(
            try client.read().answer == [
                "_http._tcp.web.shop.svc.east.k8s.corp. 30 SRV 1 2 80 web.shop.svc.east.k8s.corp."
            ]
        )
    }

    @Test func ownersAreWrittenAsPointers() throws {
        let scenario = try Scenario()
        let addresses = (1...20).map { "web.shop.svc.cluster.local. 30 A 10.96.0.\($0)" }
        let reply = try scenario.exchange("web.shop.svc.east.k8s.corp A", answer: addresses)
        let question = reply.qname.length + 4
        #expect(reply.answer.count == 20)
        #expect(reply.octets.count == 12 + question + 20 * 16 + 11)
    }

    @Test func rdataIsCompressedForTypesOfRFC1035Only() throws {
        let scenario = try Scenario()
        let name = "web.shop.svc.east.k8s.corp"
        let mx = try scenario.exchange(
            "\(name) MX",
            answer: ["web.shop.svc.cluster.local. 30 MX 1 web.shop.svc.cluster.local."]
        )
        #expect(mx.octets.count == 12 + mx.qname.length + 4 + 12 + 4 + 11)
        let srv = try scenario.exchange(
            "\(name) SRV",
            answer: ["web.shop.svc.cluster.local. 30 SRV 0 0 1 web.shop.svc.cluster.local."]
        )
        #expect(srv.octets.count == 12 + srv.qname.length + 4 + 12 + 6 + srv.qname.length + 11)
    }

    // MARK: What does not pass

    @Test func dnssecRecordsOfMappedAnswersAreLeftOut() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.shop.svc.east.k8s.corp A") { $0.dnssecOK = true }
        let query = try scenario.next()
        #expect(query.message.edns?.dnssecOK == false)
        let signature = "A 13 5 30 20300101000000 20200101000000 1 cluster.local. AAAA"
        try scenario.respond(
            to: query,
            answer: [
                "web.shop.svc.cluster.local. 30 A 10.96.0.7",
                "web.shop.svc.cluster.local. 30 RRSIG \(signature)",
            ]
        ) { $0.flags |= HeaderFlags.authenticData }
        let reply = try client.read()
        #expect(reply.answer == ["web.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(!reply.flags.authenticData)
        #expect(reply.edns?.dnssecOK == true)
    }

    @Test func aMappedDenialCarriesNoProof() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("nope.east.k8s.corp A") { $0.dnssecOK = true }
        try scenario.respond(
            to: try scenario.next(),
            .nxDomain,
            authority: [
                "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5",
                "cluster.local. 5 NSEC zz.cluster.local. A RRSIG NSEC",
                "cluster.local. 5 RRSIG SOA 13 2 30 20300101000000 20200101000000 1 cluster.local. AAAA",
            ]
        )
        #expect(try client.read().authority.count == 1)
    }

    @Test(arguments: ["RRSIG", "DNSKEY", "NSEC"])
    func dnssecTypesOfAClusterHaveNoData(type: String) throws {
        let scenario = try Scenario()
        let rdata = [
            "RRSIG": "A 13 5 30 20300101000000 20200101000000 1 cluster.local. AAAA",
            "DNSKEY": "257 3 13 AAAA", "NSEC": "zz.cluster.local. A",
        ]
        let reply = try scenario.exchange(
            "web.east.k8s.corp \(type)",
            answer: ["web.cluster.local. 30 \(type) \(try #require(rdata[type]))"]
        )
        #expect(reply.code == .noError)
        #expect(reply.answer.isEmpty)
    }

    @Test func recordsThatNobodyAskedForAreLeftOut() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "web.shop.svc.east.k8s.corp A",
            answer: [
                "evil.shop.svc.cluster.local. 30 A 10.6.6.6", "web.shop.svc.cluster.local. 30 A 10.96.0.7",
                "www.example.org. 30 A 10.6.6.6", "web.shop.svc.cluster.local. 30 TXT \"x\"",
            ],
            authority: ["cluster.local. 30 NS ns.evil.example."],
            additional: ["ns.evil.example. 30 A 10.6.6.6", "web.shop.svc.cluster.local. 30 A 10.6.6.6"]
        )
        #expect(reply.answer == ["web.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(reply.authority.isEmpty)
        #expect(reply.additional.isEmpty)
    }

    @Test func additionalAddressesBelongToTheTargetsAndToTheCluster() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "_x._tcp.east.k8s.corp SRV",
            answer: [
                "_x._tcp.cluster.local. 30 SRV 0 0 1 a.cluster.local.",
                "_x._tcp.cluster.local. 30 SRV 0 0 1 www.example.org.",
            ],
            additional: [
                "a.cluster.local. 30 A 10.96.0.1", "other.cluster.local. 30 A 10.6.6.6",
                "www.example.org. 30 A 10.6.6.6", "a.west.k8s.corp. 30 A 10.6.6.6",
            ]
        )
        #expect(reply.additional == ["a.east.k8s.corp. 30 A 10.96.0.1"])
    }

    @Test func additionalRRsetsHaveOneTTLAndNoDuplicates() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "_x._tcp.east.k8s.corp SRV",
            answer: ["_x._tcp.cluster.local. 30 SRV 0 0 1 a.cluster.local."],
            additional: [
                "a.cluster.local. 30 A 10.96.0.1", "a.cluster.local. 10 A 10.96.0.2",
                "A.cluster.local. 20 A 10.96.0.1", "a.cluster.local. 25 AAAA 2001:db8:e::1",
            ]
        )
        #expect(
            reply.additional == [
                "a.east.k8s.corp. 10 A 10.96.0.1", "a.east.k8s.corp. 10 A 10.96.0.2",
                "a.east.k8s.corp. 25 AAAA 2001:db8:e::1",
            ]
        )
    }

    @Test func theAddressesOfAnHTTPSRecordWithoutTargetAreItsOwners() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "web.east.k8s.corp HTTPS",
            answer: ["web.cluster.local. 30 HTTPS 1 . alpn=h2"],
            additional: ["web.cluster.local. 30 A 10.96.0.1", "x.cluster.local. 30 A 10.6.6.6"]
        )
        #expect(reply.additional == ["web.east.k8s.corp. 30 A 10.96.0.1"])
    }

    @Test func theDefaultServersHaveNoSayInAClustersAddresses() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "example.org MX",
            answer: [
                "example.org. 30 MX 1 web.shop.svc.east.k8s.corp.", "example.org. 30 MX 2 mx.example.org.",
            ],
            additional: ["web.shop.svc.east.k8s.corp. 30 A 10.6.6.6", "mx.example.org. 30 A 192.0.2.1"]
        )
        #expect(reply.answer.count == 2)
        #expect(reply.additional == ["mx.example.org. 30 A 192.0.2.1"])
    }

    @Test func namesOfAnotherRouteAreNotMapped() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "example.org MX",
            answer: ["example.org. 30 MX 1 mail.cluster.local."]
        )
        #expect(reply.answer == ["example.org. 30 MX 1 mail.cluster.local."])
    }

    @Test func aClusterWithoutMappingPassesNamesAsTheyAre() throws {
        var setup = Setup()
        setup.clusters = [Setup.Cluster("here", ["10.3.0.10"], zone: "cluster.local")]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("_http._tcp.web.cluster.local SRV")
        let query = try scenario.next("10.3.0.10")
        #expect(query.question == "_http._tcp.web.cluster.local SRV")
        try scenario.respond(
            to: query,
            answer: ["_http._tcp.web.cluster.local. 30 SRV 0 0 80 web.cluster.local."]
        )
        #expect(
            try client.read().answer == ["_http._tcp.web.cluster.local. 30 SRV 0 0 80 web.cluster.local."]
        )
    }

    @Test func theApexOfAClusterIsAskedThere() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("east.k8s.corp SOA")
        let query = try scenario.next("10.1.0.10")
        #expect(query.question == "cluster.local SOA")
        try scenario.respond(
            to: query,
            answer: ["cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"]
        )
        #expect(
            try client.read().answer
                == ["east.k8s.corp. 5 SOA ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 2 3 4 5"]
        )
    }

    @Test func noDataAtAnEmptyNonTerminalStaysNoData() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "svc.east.k8s.corp A",
            authority: ["cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"]
        )
        #expect(reply.code == .noError)
        #expect(reply.answer.isEmpty)
        #expect(reply.authority.count == 1)
    }
}
