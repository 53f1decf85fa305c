import DNSWire
import EmbeddedClusters
import Testing

/// Data that exists: addresses, SRV, PTR, aliases, as the Kubernetes DNS specification 1.1.0 shapes them.
@Suite struct ServiceAnswerTests {
    @Test func givesTheVirtualAddressesOfBothFamilies() throws {
        #expect(
            try ask("web.shop.svc.cluster.local").answer == ["web.shop.svc.cluster.local. 5 A 10.96.0.20"]
        )
        let ipv6 = try ask("web.shop.svc.cluster.local", .aaaa)
        #expect(ipv6.answer == ["web.shop.svc.cluster.local. 5 AAAA fd00:10:96::20"])
    }

    @Test func clustersGiveOtherAddressesToTheSameName() throws {
        let west = try ask("web.shop.svc.cluster.local", of: .west)
        #expect(west.answer == ["web.shop.svc.cluster.local. 30 A 10.112.0.20"])
    }

    @Test func onlyWestHasBilling() throws {
        #expect(try ask("billing.shop.svc.cluster.local").isNameError)
        let west = try ask("billing.shop.svc.cluster.local", of: .west)
        #expect(west.answer == ["billing.shop.svc.cluster.local. 30 A 10.112.0.30"])
    }

    @Test func headlessServiceGivesItsReadyPods() throws {
        #expect(
            try ask("db.shop.svc.cluster.local").answer == [
                "db.shop.svc.cluster.local. 5 A 10.244.0.60", "db.shop.svc.cluster.local. 5 A 10.244.0.61",
            ]
        )
        #expect(
            try ask("db-0.db.shop.svc.cluster.local", .aaaa).answer == [
                "db-0.db.shop.svc.cluster.local. 5 AAAA fd00:10:244::60"
            ]
        )
    }

    @Test func podsWithoutHostnameAreCalledByTheirAddress() throws {
        #expect(
            try ask("10-244-0-80.web.shop.svc.cluster.local").answer == [
                "10-244-0-80.web.shop.svc.cluster.local. 5 A 10.244.0.80"
            ]
        )
    }

    @Test func serviceRecordLeadsToTheServiceWithItsAddresses() throws {
        let reply = try ask("_http._tcp.web.shop.svc.cluster.local", .srv)
        #expect(
            reply.answer == [
                "_http._tcp.web.shop.svc.cluster.local. 5 SRV 0 50 80 web.shop.svc.cluster.local."
            ]
        )
        #expect(
            reply.additional == [
                "web.shop.svc.cluster.local. 5 A 10.96.0.20",
                "web.shop.svc.cluster.local. 5 AAAA fd00:10:96::20",
            ]
        )
    }

    @Test func serviceRecordsOfAHeadlessServiceLeadToItsPods() throws {
        let reply = try ask("_postgres._tcp.db.shop.svc.cluster.local", .srv)
        #expect(
            reply.answer
                == [0, 1].map {
                    "_postgres._tcp.db.shop.svc.cluster.local. 5 SRV 0 25 5432 db-\($0).db.shop.svc.cluster.local."
                }
        )
        #expect(reply.additional.count == 4)
    }

    @Test func serviceRecordsWithoutAPortNameAreThoseOfAllPorts() throws {
        let reply = try ask("web.shop.svc.cluster.local", .srv)
        #expect(
            reply.answer
                == [80, 443].map {
                    "web.shop.svc.cluster.local. 5 SRV 0 25 \($0) web.shop.svc.cluster.local."
                }
        )
        #expect(try ask("_dns._udp.kube-dns.kube-system.svc.cluster.local", .srv).answer.count == 1)
    }

    @Test(arguments: [
        ("20.0.96.10.in-addr.arpa", "web.shop.svc.cluster.local."),
        ("60.0.244.10.in-addr.arpa", "db-0.db.shop.svc.cluster.local."),
        ("80.0.244.10.in-addr.arpa", "10-244-0-80.web.shop.svc.cluster.local."),
        (
            "0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa",
            "web.shop.svc.cluster.local."
        ),
        (
            "0.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.D.F.IP6.arpa",
            "db-0.db.shop.svc.cluster.local."
        ),
    ]) func reverseNamesLeadToServicesAndPods(name: String, target: String) throws {
        #expect(try ask(name, .ptr).answer == ["\(name). 5 PTR \(target)"])
    }

    @Test func podNamesAreTheirAddresses() throws {
        let ipv4 = try ask("10-244-7-9.shop.pod.cluster.local")
        #expect(ipv4.answer == ["10-244-7-9.shop.pod.cluster.local. 5 A 10.244.7.9"])
        let ipv6 = try ask("fd00-10--9.shop.pod.cluster.local", .aaaa)
        #expect(ipv6.answer == ["fd00-10--9.shop.pod.cluster.local. 5 AAAA fd00:10::9"])
    }

    @Test func aliasToTheOutsideComesAlone() throws {
        for type in [RecordType.a, .aaaa, .cname] {
            let reply = try ask("docs.shop.svc.cluster.local", type)
            #expect(reply.answer == ["docs.shop.svc.cluster.local. 5 CNAME www.example.org."])
        }
    }

    @Test func aliasToTheInsideComesWithItsTarget() throws {
        #expect(
            try ask("storefront.shop.svc.cluster.local").answer == [
                "storefront.shop.svc.cluster.local. 5 CNAME web.shop.svc.cluster.local.",
                "web.shop.svc.cluster.local. 5 A 10.96.0.20",
            ]
        )
        #expect(try ask("storefront.shop.svc.cluster.local", .cname).answer.count == 1)
    }

    @Test func apexHasSOAAndNS() throws {
        let soa = try ask("cluster.local", .soa)
        #expect(
            soa.answer == [
                "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. "
                    + "1499347823 7200 1800 86400 5"
            ]
        )
        let ns = try ask("cluster.local", .ns)
        #expect(ns.answer == ["cluster.local. 5 NS ns.dns.cluster.local."])
        #expect(ns.additional.first == "ns.dns.cluster.local. 5 A 10.96.0.10")
        #expect(try ask("ns.dns.cluster.local").answer == ["ns.dns.cluster.local. 5 A 10.96.0.10"])
    }

    @Test func tellsTheVersionOfTheSpecification() throws {
        let reply = try ask("dns-version.cluster.local", .txt)
        #expect(reply.answer == ["dns-version.cluster.local. 28800 TXT \"1.1.0\""])
    }

    @Test func keepsTheLettersOfTheQuery() throws {
        let reply = try ask("_HTTP._tcp.Web.Shop.svc.CLUSTER.local", .srv)
        #expect(
            reply.answer == [
                "_HTTP._tcp.Web.Shop.svc.CLUSTER.local. 5 SRV 0 50 80 web.shop.svc.CLUSTER.local."
            ]
        )
        let denied = try ask("nothing.shop.svc.Cluster.LOCAL")
        #expect(
            denied.authority.first?.hasPrefix("Cluster.LOCAL. 5 SOA ns.dns.Cluster.LOCAL. hostmaster.")
                == true
        )
    }
}
