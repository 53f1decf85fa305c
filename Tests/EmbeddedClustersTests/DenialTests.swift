import DNSWire
import EmbeddedClusters
import Testing

/// What does not exist: NODATA, NXDOMAIN and REFUSED at the names at which CoreDNS gives them.
@Suite struct DenialTests {
    @Test(
        arguments: [
            ("cluster.local", .a), ("svc.cluster.local", .a), ("pod.cluster.local", .aaaa),
            ("shop.svc.cluster.local", .a), ("shop.pod.cluster.local", .a), ("svc.cluster.local", .ns),
            ("96.10.in-addr.arpa", .ptr),
        ] as [(String, RecordType)]
    ) func namesAboveServicesHaveNoData(name: String, type: RecordType) throws {
        #expect(try ask(name, type).isNoData)
    }

    @Test(
        arguments: [
            ("cart.shop.svc.cluster.local", .aaaa), ("assets.shop.svc.cluster.local", .a),
            ("web.shop.svc.cluster.local", .txt), ("web.shop.svc.cluster.local", .mx),
            ("web.shop.svc.cluster.local", .cname), ("web.shop.svc.cluster.local", .ds),
            ("web.shop.svc.cluster.local", .any), ("web.shop.svc.cluster.local", RecordType(65_280)),
            ("db.shop.svc.cluster.local", .soa), ("_http._tcp.web.shop.svc.cluster.local", .txt),
            ("docs.shop.svc.cluster.local", .srv), ("10-244-0-1.shop.pod.cluster.local", .aaaa),
            ("ns.dns.cluster.local", .txt),
        ] as [(String, RecordType)]
    ) func otherTypesHaveNoData(name: String, type: RecordType) throws {
        #expect(try ask(name, type).isNoData)
    }

    @Test(arguments: [
        "nothing.shop.svc.cluster.local", "nothing.svc.cluster.local", "web.nothing.svc.cluster.local",
        "nothing.cluster.local", "dns.cluster.local", "dns-version.cluster.local",
        "db-9.db.shop.svc.cluster.local", "x.docs.shop.svc.cluster.local",
        "a._http._tcp.web.shop.svc.cluster.local", "_http._udp.web.shop.svc.cluster.local",
        "_gopher._tcp.web.shop.svc.cluster.local", "nothing.shop.pod.cluster.local",
        "10-244-0-256.shop.pod.cluster.local", "10-244-0-1.nothing.pod.cluster.local",
        "99.0.96.10.in-addr.arpa", "0.96.10.in-addr.arpa", "20.0.96.10.in-addr.arpa",
        "web.shop.svc.96.10.in-addr.arpa", "*.shop.svc.cluster.local",
    ]) func otherNamesDoNotExist(name: String) throws {
        for type in [RecordType.a, .aaaa, .srv] { #expect(try ask(name, type).isNameError) }
    }

    @Test func podsThatAreNotReadyDoNotExist() throws {
        #expect(try ask("db-2.db.shop.svc.cluster.local").isNameError)
        #expect(try ask("62.0.244.10.in-addr.arpa", .ptr).isNameError)
        #expect(try ask("search.shop.svc.cluster.local").isNameError)
        #expect(try ask("_http._tcp.search.shop.svc.cluster.local", .srv).isNameError)
    }

    @Test func protocolDoesNotExistAlthoughAPortBelowItDoes() throws {
        #expect(try ask("_tcp.web.shop.svc.cluster.local", .srv).isNameError)
        #expect(try ask("_http._tcp.web.shop.svc.cluster.local", .srv).answer.count == 1)
    }

    @Test(arguments: [
        "example.org", ".", "local", "notcluster.local", "1.0.112.10.in-addr.arpa", "10.in-addr.arpa",
    ])
    func namesOutsideTheZonesAreRefused(name: String) throws {
        let reply = try ask(name, .ptr)
        #expect(reply.code == .refused)
        #expect(reply.answer.isEmpty && reply.authority.isEmpty)
        #expect(!reply.header.flags.isAuthoritative)
    }

    @Test func transfersAndOtherClassesAreRefused() throws {
        #expect(try ask("cluster.local", .axfr).code == .refused)
        #expect(try ask("cluster.local", .ixfr).code == .refused)
        #expect(try ask("version.bind", .txt, qclass: .chaos).code == .refused)
        #expect(try ask("web.shop.svc.cluster.local", qclass: .any).code == .refused)
    }
}
