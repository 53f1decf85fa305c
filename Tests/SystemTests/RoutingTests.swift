import Testing

extension SystemTests {
    /// Which server is asked for which name, and which names are asked of nobody.
    @Suite struct RoutingTests {
        // MARK: Suffixes

        @Test func suffixMatchesOnLabelBoundariesOnly() throws {
            let server = try Lab.server
            let reply = try dig("web.shop.svc.northeast.k8s.corp", at: server)
            #expect(reply.status == "NXDOMAIN")
            #expect(reply.answer.isEmpty)
            // Outside the pattern, too: "xt.corp" is not below "t.corp".
            #expect(try dig("web.shop.svc.xt.corp", at: server).data("A").isEmpty)
        }

        @Test func suffixMatchIgnoresCase() throws {
            #expect(try dig("web.shop.svc.EAST.K8s.Corp", at: try Lab.server).data("A") == ["10.96.0.20"])
        }

        @Test func longestSuffixWins() throws {
            let server = try Lab.server
            // inner.east.k8s.corp is west's knotd, east.k8s.corp east's.
            #expect(try dig("web.shop.svc.inner.east.k8s.corp", at: server).data("A") == ["10.112.0.20"])
            #expect(try dig("web.shop.svc.east.k8s.corp", at: server).data("A") == ["10.96.0.20"])
        }

        @Test func zoneOfSeveralLabelsIsFoundBesideThePattern() throws {
            let reply = try dig("web.shop.svc.production.frankfurt.eu.k8s.corp", at: try Lab.server)
            #expect(reply.data("A") == ["10.96.0.20"])
        }

        @Test func nameThatOnlyOneClusterHasIsDeniedByTheOther() throws {
            let server = try Lab.server
            #expect(try dig("billing.shop.svc.west.k8s.corp", at: server).data("A") == ["10.112.0.30"])
            #expect(try dig("billing.shop.svc.east.k8s.corp", at: server).status == "NXDOMAIN")
        }

        @Test func otherNamesGoToTheDefaultUpstream() throws {
            let server = try Lab.server
            #expect(try dig("www.example.org", at: server).data("A") == ["192.0.2.80"])
            #expect(try kdig("www.example.org", "AAAA", at: server).data("AAAA") == ["2001:db8::80"])
            #expect(try drill("missing.example.org", at: server).status == "NXDOMAIN")
            #expect(try dig("-x", "192.40.2.1", at: server).data("PTR") == ["www.example.org."])
        }

        @Test func twoThousandClustersAreToldApart() throws {
            let lab = try Lab.current
            let clusters = (0..<2000).map { i in
                let server = (i % 2 == 0 ? lab.east : lab.west).endpoint
                return "  - {name: c\(i), servers: [\"\(server)\"], reverse: [10.\(i / 256).\(i % 256).0/24]}"
            }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: ["\(lab.publicDNS.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                \(clusters.joined(separator: "\n"))
                """
            )
            for i in [0, 1, 998, 999, 1998, 1999] {
                let reply = try dig("web.shop.svc.c\(i).k8s.corp", at: server.endpoint)
                #expect(reply.data("A") == [i % 2 == 0 ? "10.96.0.20" : "10.112.0.20"])
            }
            #expect(try dig("web.shop.svc.c2000.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
        }

        @Test func clusterDomainMayBeAnything() throws {
            let server = try Lab.server
            let apex = "10.in-addr.arpa.plain.corp"
            #expect(try dig(apex, "NS", at: server).data("NS") == ["ns.dns.cluster.local."])
            let reply = try dig("20.0.96.\(apex)", "PTR", at: server)
            #expect(reply.answer.map(\.owner) == ["20.0.96.\(apex)."])
            #expect(try dig("nothing.\(apex)", at: server).authority.map(\.owner) == ["\(apex)."])
        }

        @Test func rootIsAskedOfTheDefaultUpstream() throws {
            #expect(try dig(".", "SOA", at: try Lab.server).data("SOA").count == 1)
        }

        // MARK: Unknown clusters

        @Test(arguments: [
            "web.shop.svc.esat.k8s.corp", "esat.k8s.corp", "paris.eu.k8s.corp", "web.northeast.k8s.corp",
        ])
        func unknownClusterIsOurOwnNXDOMAINWithSOA(name: String) throws {
            let reply = try dig(name, at: try Lab.server)
            #expect(reply.status == "NXDOMAIN")
            #expect(reply.flags.contains("aa"))
            #expect(reply.authority.map(\.type) == ["SOA"])
            #expect(reply.authority.first?.owner == "k8s.corp.")
            #expect(reply.errorText.contains("unknown cluster"), "\(reply)")
            #expect(reply.errorText.contains("east, west"), "\(reply)")
        }

        @Test(arguments: ["k8s.corp", "eu.k8s.corp", "frankfurt.eu.k8s.corp"])
        func parentOfThePatternAndItsEmptyNonTerminalsAreNoData(name: String) throws {
            let reply = try dig(name, at: try Lab.server)
            #expect(reply.isNoData, "\(reply)")
            #expect(reply.authority.first?.owner == "k8s.corp.")
        }

        @Test func parentOfThePatternHasSOAAndNS() throws {
            let server = try Lab.server
            #expect(try dig("k8s.corp", "SOA", at: server).data("SOA").count == 1)
            #expect(try dig("k8s.corp", "NS", at: server).data("NS").count == 1)
        }

        // MARK: What never leaves

        /// Names that no default upstream may see, and the answer that they get.
        static let special: [(name: String, type: String, status: String)] = [
            ("web.shop.svc.cluster.local", "A", "NXDOMAIN"),
            ("web.shop.svc.CLUSTER.Local", "A", "NXDOMAIN"),
            ("web.shop.svc.clusterset.local", "A", "NXDOMAIN"),
            ("printer.local", "A", "NXDOMAIN"),
            ("local", "A", "NOERROR"),
            ("example.invalid", "A", "NXDOMAIN"),
            ("example.test", "MX", "NXDOMAIN"),
            ("abcdef.onion", "A", "NXDOMAIN"),
            ("gns.alt", "A", "NXDOMAIN"),
            ("router.home.arpa", "A", "NXDOMAIN"),
            ("_dns.resolver.arpa", "SVCB", "NOERROR"),
            ("web.shop.svc.unknown.k8s.corp", "A", "NXDOMAIN"),
            ("unknown.k8s.corp", "NS", "NXDOMAIN"),
            ("k8s.corp", "TXT", "NOERROR"),
            ("1.0.168.192.in-addr.arpa", "PTR", "NXDOMAIN"),
            ("1.0.104.10.in-addr.arpa", "PTR", "NXDOMAIN"),
            ("1.2.0.192.in-addr.arpa", "PTR", "NXDOMAIN"),
            ("1.0.64.100.in-addr.arpa", "PTR", "NXDOMAIN"),
            ("1.0.254.169.in-addr.arpa", "PTR", "NXDOMAIN"),
            (String(repeating: "0.", count: 28) + "0.8.e.f.ip6.arpa", "PTR", "NXDOMAIN"),
            (String(repeating: "1.", count: 24) + "8.b.d.0.1.0.0.2.ip6.arpa", "PTR", "NXDOMAIN"),
        ]

        @Test func specialNamesAndUnknownClustersNeverReachTheDefaultUpstream() throws {
            let upstream = try ScriptedUpstream { request in
                [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "192.0.2.66")]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream, default: upstream.endpoint)
            for (name, type, status) in Self.special {
                let reply = try dig(name, type, at: server.endpoint)
                #expect(reply.status == status, "\(name) \(reply)")
                #expect(reply.answer.isEmpty, "\(reply)")
                #expect(reply.authority.first?.type == "SOA", "\(name) \(reply)")
            }
            #expect(upstream.requests.isEmpty, "seen upstream: \(upstream.names)")
            // The upstream is there, and is asked what it should be.
            #expect(try dig("www.example.org", at: server.endpoint).data("A") == ["192.0.2.66"])
        }

        @Test func localhostIsLoopback() throws {
            let server = try Lab.server
            #expect(try dig("localhost", at: server).data("A") == ["127.0.0.1"])
            #expect(try dig("any.localhost", "AAAA", at: server).data("AAAA") == ["::1"])
            #expect(try dig("-x", "127.0.0.1", at: server).data("PTR") == ["localhost."])
            #expect(try dig("-x", "::1", at: server).data("PTR") == ["localhost."])
        }

        // MARK: Reverse names

        @Test(arguments: [
            ("10.96.0.20", "east"), ("10.103.255.254", "east"), ("10.112.0.1", "west"),
            ("10.112.15.254", "west"), ("172.20.0.32", "west"), ("172.20.0.63", "west"),
            ("fd00:10:96::20", "east"), ("fd00:10:96:3fff::20", "east"),
        ])
        func reverseNamesWithinARangeAreAskedOfItsCluster(address: String, cluster: String) throws {
            let reply = try dig("-x", address, at: try Lab.server)
            #expect(reply.data("PTR") == ["web.shop.svc.\(cluster).k8s.corp."], "\(reply)")
        }

        @Test func reverseNameOfDnsmasqIsMapped() throws {
            let reply = try dig("-x", "10.200.0.21", at: try Lab.server)
            #expect(reply.data("PTR") == ["cart.shop.svc.old.k8s.corp."], "\(reply)")
        }

        @Test(arguments: [
            "10.95.255.255", "10.104.0.1", "10.112.16.1", "172.20.0.31", "172.20.0.64", "fd00:10:96:4000::20",
        ])
        func reverseNamesJustOutsideARangeAreNotAskedOfItsCluster(address: String) throws {
            // Both knotd would know them.
            let reply = try dig("-x", address, at: try Lab.server)
            #expect(reply.status == "NXDOMAIN", "\(reply)")
            #expect(reply.answer.isEmpty)
        }

        @Test(arguments: [
            ("96.10.in-addr.arpa", "east"), ("0.96.10.in-addr.arpa", "east"),
            ("7.112.10.in-addr.arpa", "west"),
            ("0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa", "east"),
        ])
        func partialReverseNameWithinOneRangeIsAskedOfItsCluster(name: String, cluster: String) throws {
            let reply = try dig(name, "PTR", at: try Lab.server)
            // An empty non-terminal, or a name that knotd does not have: its own SOA says that it was asked.
            #expect(reply.answer.isEmpty)
            let soa = try #require(reply.authority.first, "\(reply)")
            #expect(soa.data.hasPrefix("ns.dns.\(cluster).k8s.corp. "), "\(reply)")
        }

        @Test(arguments: ["10.in-addr.arpa", "20.172.in-addr.arpa", "6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa"])
        func partialReverseNameOverMoreThanOneRangeIsNoData(name: String) throws {
            let reply = try dig(name, "PTR", at: try Lab.server)
            #expect(reply.isNoData, "\(reply)")
        }

        @Test(arguments: [
            "020.0.96.10.in-addr.arpa", "300.0.96.10.in-addr.arpa", "0-63.0.96.10.in-addr.arpa",
        ])
        func labelThatIsNoOctetCountsAsBelowThePrefix(name: String) throws {
            let reply = try dig(name, "PTR", at: try Lab.server)
            #expect(reply.status == "NXDOMAIN")
            let soa = try #require(reply.authority.first, "\(reply)")
            #expect(soa.data.hasPrefix("ns.dns.east.k8s.corp. "), "\(reply)")
        }
    }
}
