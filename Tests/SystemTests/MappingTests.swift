import Testing

extension SystemTests {
    /// Names up and down between what clients ask and what clusters serve, against knotd and dnsmasq.
    @Suite struct MappingTests {
        @Test(arguments: [
            ("east", "10.96.0.20", "fd00:10:96::20"), ("west", "10.112.0.20", "fd00:10:112::20"),
            ("old", "10.200.0.20", "fd00:10:200::20"),
        ])
        func equalNamesGiveEachClustersOwnAddresses(cluster: String, ipv4: String, ipv6: String) throws {
            let server = try Lab.server
            let name = "web.shop.svc.\(cluster).k8s.corp"
            // Twice: the second answer comes from the cache, which clusters never share.
            for _ in 0..<2 {
                #expect(try dig(name, at: server).data("A") == [ipv4])
                #expect(try kdig(name, "AAAA", at: server).data("AAAA") == [ipv6])
                #expect(try drill(name, "A", at: server).data("A") == [ipv4])
            }
            #expect(try dig(name, at: server).answer.map(\.owner) == ["\(name)."])
        }

        @Test func aFamilyThatIsMissingIsNoDataAndNotNXDOMAIN() throws {
            let reply = try dig("cart.shop.svc.east.k8s.corp", "AAAA", at: try Lab.server)
            #expect(reply.isNoData, "\(reply)")
        }

        @Test func srvTargetsAndTheirAdditionalAddressesAreMappedTogether() throws {
            let reply = try dig("_postgres._tcp.db.shop.svc.east.k8s.corp", "SRV", at: try Lab.server)
            #expect(
                reply.data("SRV").sorted() == [
                    "0 50 5432 db-0.db.shop.svc.east.k8s.corp.", "0 50 5432 db-1.db.shop.svc.east.k8s.corp.",
                ]
            )
            let addresses = reply.additional.map { "\($0.owner) \($0.data)" }.sorted()
            #expect(
                addresses == [
                    "db-0.db.shop.svc.east.k8s.corp. 10.97.0.60",
                    "db-0.db.shop.svc.east.k8s.corp. fd00:10:97::60",
                    "db-1.db.shop.svc.east.k8s.corp. 10.97.0.61",
                ]
            )
        }

        @Test func srvTargetOfDnsmasqIsMapped() throws {
            let reply = try dig("_http._tcp.web.shop.svc.old.k8s.corp", "SRV", at: try Lab.server)
            #expect(reply.data("SRV") == ["0 100 80 web.shop.svc.old.k8s.corp."])
            #expect(reply.additional.allSatisfy { $0.owner == "web.shop.svc.old.k8s.corp." }, "\(reply)")
        }

        @Test func targetThatIsTheRootIsLeftAlone() throws {
            let server = try Lab.server
            let srv = try dig("_ldap._tcp.web.shop.svc.east.k8s.corp", "SRV", at: server)
            #expect(srv.data("SRV") == ["0 0 0 ."])
            let https = try dig("here.shop.svc.east.k8s.corp", "HTTPS", at: server)
            #expect(https.data("HTTPS") == ["1 . alpn=\"h2\""])
        }

        @Test(arguments: [
            ("there", "HTTPS", "0 web.shop.svc.east.k8s.corp."),
            ("mail", "MX", "10 web.shop.svc.east.k8s.corp."),
            ("phone", "NAPTR", "10 10 \"S\" \"SIP+D2U\" \"\" _http._tcp.web.shop.svc.east.k8s.corp."),
            ("owner", "RP", "admin.web.shop.svc.east.k8s.corp. info.web.shop.svc.east.k8s.corp."),
            ("files", "AFSDB", "1 web.shop.svc.east.k8s.corp."),
            ("exchange", "KX", "1 web.shop.svc.east.k8s.corp."),
            ("moved", "DNAME", "new.shop.svc.east.k8s.corp."),
        ])
        func namesInRdataAreMapped(name: String, type: String, expected: String) throws {
            let reply = try dig("\(name).shop.svc.east.k8s.corp", type, at: try Lab.server)
            #expect(reply.data(type) == [expected], "\(reply)")
        }

        @Test func textThatContainsTheClusterDomainIsDataAndStays() throws {
            let server = try Lab.server
            let text = try dig("web.shop.svc.east.k8s.corp", "TXT", at: server)
            #expect(
                text.data("TXT") == ["\"backend=http://web.shop.svc.cluster.local:80/\" \"cluster.local\""]
            )
            let policy = try dig("policy.shop.svc.east.k8s.corp", "CAA", at: server)
            #expect(policy.data("CAA") == ["0 issue \"cluster.local\""])
        }

        @Test func dnsVersionPassesUnchanged() throws {
            let reply = try dig("dns-version.east.k8s.corp", "TXT", at: try Lab.server)
            #expect(reply.data("TXT") == ["\"1.1.0\""])
        }

        @Test func unknownTypeIsCarriedOpaquely() throws {
            let reply = try dig("odd.shop.svc.east.k8s.corp", "TYPE65400", at: try Lab.server)
            #expect(reply.data("TYPE65400") == ["\\# 4 0A000001"])
        }

        @Test func labelsAreOctetsAndNotText() throws {
            let reply = try dig("\\000\\255.shop.svc.east.k8s.corp", at: try Lab.server)
            #expect(reply.data("A") == ["10.96.0.25"])
            #expect(reply.answer.first?.owner == "\\000\\255.shop.svc.east.k8s.corp.")
        }

        @Test func soaIsMappedAtTheApexWithMNAMEAndRNAME() throws {
            let reply = try dig("east.k8s.corp", "SOA", at: try Lab.server)
            #expect(
                reply.data("SOA") == ["ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 7200 1800 86400 5"]
            )
        }

        @Test func nsIsMappedAtTheApexAndItsAddressResolves() throws {
            let server = try Lab.server
            #expect(try dig("east.k8s.corp", "NS", at: server).data("NS") == ["ns.dns.east.k8s.corp."])
            #expect(try dig("ns.dns.east.k8s.corp", at: server).data("A") == ["10.96.0.10"])
        }

        @Test(arguments: ["nothing.shop.svc.east.k8s.corp", "a.b.c.d.east.k8s.corp"])
        func denialCarriesTheMappedSOA(name: String) throws {
            let reply = try dig(name, at: try Lab.server)
            #expect(reply.status == "NXDOMAIN")
            let soa = try #require(reply.authority.first, "\(reply)")
            #expect(soa.owner == "east.k8s.corp.")
            #expect(soa.data == "ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 7200 1800 86400 5")
        }

        @Test func denialWithoutSOAByDnsmasqIsPassedOn() throws {
            let reply = try dig("nothing.shop.svc.old.k8s.corp", at: try Lab.server)
            #expect(reply.status == "NXDOMAIN")
            #expect(!reply.description.contains("cluster.local"), "\(reply)")
        }

        @Test(arguments: [
            "svc.east.k8s.corp", "shop.svc.east.k8s.corp", "east.k8s.corp", "_tcp.web.shop.svc.east.k8s.corp",
        ])
        func apexAndEmptyNonTerminalsAreNoData(name: String) throws {
            let reply = try dig(name, at: try Lab.server)
            #expect(reply.isNoData, "\(reply)")
        }

        @Test func nothingOfTheClusterDomainIsEverShown() throws {
            let server = try Lab.server
            let names = ["web", "docs", "storefront", "dangling", "peer", "mail", "nothing", "moved", "long"]
            for name in names {
                let reply = try dig("\(name).shop.svc.east.k8s.corp", "A", "+dnssec", at: server)
                #expect(!reply.description.contains("cluster.local"), "\(reply)")
            }
        }

        // MARK: Case

        @Test func caseOfTheQuestionIsEchoed() throws {
            let server = try Lab.server
            let name = "WeB.sHoP.SVC.eAsT.k8S.CoRp"
            for _ in 0..<2 {
                let reply = try dig(name, at: server)
                #expect(reply.question.hasPrefix("\(name)."), "\(reply)")
                #expect(reply.data("A") == ["10.96.0.20"])
                #expect(reply.answer.first?.owner == "\(name).")
            }
        }

        @Test func mixedCaseSurvivesInAnswerAndDenial() throws {
            let server = try Lab.server
            let srv = try dig("_HTTP._tcp.WEB.shop.svc.EAST.k8s.corp", "SRV", at: server)
            #expect(srv.data("SRV").map { $0.lowercased() } == ["0 100 80 web.shop.svc.east.k8s.corp."])
            let denial = try dig("NoThing.shop.svc.EAST.k8s.CORP", at: server)
            #expect(denial.status == "NXDOMAIN")
            #expect(denial.authority.first?.owner.lowercased() == "east.k8s.corp.")
        }

        @Test func ownersAreRecognisedWhateverTheirCase() throws {
            // CoreDNS writes the SOA's owner as the question spells it.
            let upstream = try ScriptedUpstream { request in
                var reply = TestMessage(to: request.query, code: Code.nxDomain)
                reply.authority = [.soa("CLUSTER.Local")]
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig("web.east.k8s.corp", at: server.endpoint)
            #expect(reply.status == "NXDOMAIN")
            let soa = try #require(reply.authority.first, "\(reply)")
            #expect(soa.owner.lowercased() == "east.k8s.corp.")
            #expect(
                soa.data.lowercased().hasPrefix("ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. "),
                "\(soa)"
            )
        }

        @Test func namesThatOnlyEndLikeTheClusterDomainStay() throws {
            let upstream = try ScriptedUpstream { request in
                let targets = ["mail.mycluster.local", "cluster.local.example.org", "cluster.local", "local"]
                let answer = targets.map {
                    TestRecord(owner: request.query.qname, type: 15, rdata: [0, 10] + wireName($0))
                }
                return [.reply(TestMessage(to: request.query, answer: answer))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig("web.east.k8s.corp", "MX", at: server.endpoint)
            #expect(
                reply.data("MX") == [
                    "10 mail.mycluster.local.", "10 cluster.local.example.org.", "10 east.k8s.corp.",
                    "10 local.",
                ]
            )
        }

        @Test func compressedNamesInRdataAreReadAndSRVTargetsWrittenWhole() throws {
            let upstream = try ScriptedUpstream { request in
                // A target that is a label and a pointer to the question: RFC 3597 §4 wants it accepted.
                var bytes = TestMessage(to: request.query).bytes
                bytes[7] = 1
                bytes += [0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 10, 0, 0, 0, 1, 0, 80, 1, 97, 0xC0, 12]
                return [.send(bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let query = TestMessage(query: "web.east.k8s.corp", 33)
            let reply = try RawClient.ask(query, of: server.endpoint)
            #expect(reply.answer.map(\.rdata) == [[0, 0, 0, 1, 0, 80] + wireName("a.web.east.k8s.corp")])
        }

        @Test func clusterThatServesItsZoneByItsOwnNameIsNotMapped() throws {
            let upstream = try ScriptedUpstream { request in
                let name = request.query.qname
                let answer = TestRecord(
                    owner: name,
                    type: 33,
                    rdata: [0, 0, 0, 1, 0, 80] + wireName("a.cluster.local")
                )
                return [.reply(TestMessage(to: request.query, answer: [answer]))]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(
                """
                listen: [127.0.0.1:PORT]
                upstream: {servers: [127.0.0.1:1]}
                clusters:
                  - name: legacy
                    zone: legacy.example.net
                    clusterDomain: legacy.example.net
                    servers: ["\(upstream.endpoint)"]
                """
            )
            let reply = try dig("web.legacy.example.net", "SRV", at: server.endpoint)
            #expect(reply.data("SRV") == ["0 1 80 a.cluster.local."])
            #expect(upstream.names == ["web.legacy.example.net"])
        }

        // MARK: Aliases

        @Test func aliasWithinTheClusterIsMappedOnBothSides() throws {
            let server = try Lab.server
            for (cluster, address) in [("east", "10.96.0.20"), ("old", "10.200.0.20")] {
                let reply = try dig("storefront.shop.svc.\(cluster).k8s.corp", at: server)
                #expect(reply.data("CNAME") == ["web.shop.svc.\(cluster).k8s.corp."], "\(reply)")
                #expect(reply.data("A") == [address])
            }
        }

        @Test func externalNameIsCompletedByTheDefaultUpstream() throws {
            let reply = try dig("docs.shop.svc.east.k8s.corp", at: try Lab.server)
            #expect(reply.data("CNAME") == ["www.example.org."])
            #expect(reply.data("A") == ["192.0.2.80"])
            #expect(reply.answer.map(\.type) == ["CNAME", "A"])
        }

        @Test func externalNameThatDoesNotExistIsNXDOMAINWithTheAlias() throws {
            let server = try Lab.server
            for _ in 0..<2 {
                let reply = try dig("lost.shop.svc.east.k8s.corp", at: server)
                #expect(reply.status == "NXDOMAIN")
                #expect(reply.data("CNAME") == ["missing.example.org."])
                #expect(reply.authority.first?.owner == "example.org.", "\(reply)")
            }
        }

        @Test func aliasOfNothingHasTheCodeOfItsLastLinkTwiceOver() throws {
            let server = try Lab.server
            // The second comes from the cache.
            for _ in 0..<2 {
                let reply = try dig("dangling.shop.svc.east.k8s.corp", at: server)
                #expect(reply.status == "NXDOMAIN")
                #expect(reply.data("CNAME") == ["nothing.shop.svc.east.k8s.corp."])
                #expect(reply.authority.first?.type == "SOA")
            }
        }

        @Test func aliasIntoAnotherClusterIsAnsweredByThatCluster() throws {
            let server = try Lab.server
            let east = try dig("peer.shop.svc.east.k8s.corp", at: server)
            #expect(east.data("CNAME") == ["web.shop.svc.west.k8s.corp."])
            #expect(east.data("A") == ["10.112.0.20"])
            let west = try dig("peer.shop.svc.west.k8s.corp", at: server)
            #expect(west.data("A") == ["10.96.0.20"])
        }

        @Test func publicAliasIntoAClusterIsAnsweredByTheCluster() throws {
            let reply = try dig("portal.example.org", at: try Lab.server)
            #expect(reply.data("CNAME") == ["web.shop.svc.east.k8s.corp."], "\(reply)")
            #expect(reply.data("A") == ["10.96.0.20"])
        }

        @Test func aliasToAnUnknownClusterIsNXDOMAIN() throws {
            let reply = try dig("stranger.shop.svc.east.k8s.corp", at: try Lab.server)
            #expect(reply.status == "NXDOMAIN")
            #expect(reply.data("CNAME") == ["web.shop.svc.nowhere.k8s.corp."])
            #expect(reply.authority.first?.owner == "k8s.corp.", "\(reply)")
        }

        @Test func aliasLoopOverTwoClustersIsServfailInTime() throws {
            let reply = try dig("loop.shop.svc.east.k8s.corp", at: try Lab.server)
            #expect(reply.status == "SERVFAIL")
            #expect(reply.errorText.contains("CNAME"), "\(reply)")
        }

        @Test func aliasIsAnsweredAsDataWhenItIsAskedFor() throws {
            let reply = try dig("docs.shop.svc.east.k8s.corp", "CNAME", at: try Lab.server)
            #expect(reply.data("CNAME") == ["www.example.org."])
            #expect(reply.answer.count == 1)
        }

        @Test func dnameAndItsAliasStayConsistent() throws {
            let reply = try dig("page.moved.shop.svc.east.k8s.corp", at: try Lab.server)
            #expect(reply.data("DNAME") == ["new.shop.svc.east.k8s.corp."], "\(reply)")
            #expect(reply.data("CNAME") == ["page.new.shop.svc.east.k8s.corp."])
            #expect(reply.data("A") == ["10.96.0.24"])
        }

        // MARK: Length

        @Test func nameThatGrowsPast255OctetsOnTheWayUpIsYXDOMAIN() throws {
            // 7 octets of zone become 15; 244 are left of it.
            let labels = Array(repeating: LabZones.longLabel, count: 3) + [String(repeating: "z", count: 53)]
            let reply = try dig(labels.joined(separator: ".") + ".t.corp", at: try Lab.server)
            #expect(reply.status == "YXDOMAIN")
            #expect(reply.errorText.contains("tiny"), "\(reply)")
        }

        @Test func nameThatGrowsToExactly255OctetsIsForwarded() throws {
            // 248 octets with the zone of 8; one more is too many.
            let labels = Array(repeating: LabZones.longLabel, count: 3)
            for (length, status) in [(47, "NXDOMAIN"), (48, "YXDOMAIN")] {
                let name = (labels + [String(repeating: "z", count: length), "t.corp"]).joined(separator: ".")
                #expect(try dig(name, at: try Lab.server).status == status)
            }
        }

        @Test func nameThatGrowsPast255OctetsOnTheWayDownIsServfailAndNotCut() throws {
            let server = try Lab.server
            let reply = try dig("long.shop.svc.production.frankfurt.eu.k8s.corp", at: server)
            #expect(reply.status == "SERVFAIL")
            #expect(reply.answer.isEmpty)
            #expect(reply.errorText.contains("frankfurt"), "\(reply)")
            // The same alias fits into the shorter zone.
            #expect(try dig("long.shop.svc.east.k8s.corp", at: server).data("A") == ["10.96.0.26"])
        }

        // MARK: DNSSEC

        @Test func signedOrNotMappedAnswersHaveNoDNSSECDataAndNoAD() throws {
            let upstream = try ScriptedUpstream { request in
                let name = request.query.qname
                var reply = TestMessage(to: request.query, answer: [.a(name, "10.0.0.1")])
                reply.flags |= 0x0020
                let signer =
                    [0, 1, 8, 5] + [UInt8](repeating: 0, count: 14) + wireName("cluster.local") + [1, 2, 3]
                reply.answer.append(TestRecord(owner: name, type: Type.rrsig, rdata: signer))
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig("web.shop.svc.east.k8s.corp", "+dnssec", at: server.endpoint)
            #expect(reply.answer.map(\.type) == ["A"], "\(reply)")
            #expect(!reply.flags.contains("ad"))
            #expect(reply.edns?.contains("flags: do") == true)
            // The cluster is asked without DO: its signatures would be thrown away.
            let opt = try #require(upstream.requests.first?.query.additional.first)
            #expect(opt.ttl & 0x8000 == 0)
        }

        @Test func defaultRouteKeepsSignaturesForThoseWhoAskForThem() throws {
            let upstream = try ScriptedUpstream { request in
                let name = request.query.qname
                var reply = TestMessage(to: request.query, answer: [.a(name, "192.0.2.1")])
                let isDO = request.query.additional.first.map { $0.ttl & 0x8000 != 0 } ?? false
                let rdata =
                    [0, 1, 8, 2] + [UInt8](repeating: 0, count: 14) + wireName("example.org") + [1, 2, 3]
                if isDO { reply.answer.append(TestRecord(owner: name, type: Type.rrsig, rdata: rdata)) }
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream, default: upstream.endpoint)
            for _ in 0..<2 {
                let plain = try dig("www.example.org", at: server.endpoint)
                #expect(plain.answer.map(\.type) == ["A"])
                let signed = try dig("www.example.org", "+dnssec", at: server.endpoint)
                #expect(signed.answer.map(\.type) == ["A", "RRSIG"], "\(signed)")
            }
            #expect(upstream.requests.count == 2)
        }

        @Test func dsOfAClustersApexIsNotAskedOfTheCluster() throws {
            let upstream = try ScriptedUpstream { [.reply(TestMessage(to: $0.query))] }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let reply = try dig("east.k8s.corp", "DS", at: server.endpoint)
            #expect(reply.isNoData, "\(reply)")
            #expect(reply.authority.first?.owner == "k8s.corp.")
            #expect(upstream.requests.isEmpty)
        }
    }
}
