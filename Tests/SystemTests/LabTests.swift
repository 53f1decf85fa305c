import Testing

extension SystemTests {
    /// That the servers around the one under test do what the other tests take for granted.
    @Suite struct LabTests {
        @Test func eastAndWestServeEqualNamesWithDifferentData() throws {
            let lab = try Lab.current
            let name = "web.shop.svc.cluster.local"
            #expect(try dig(name, at: lab.east.endpoint).data("A") == ["10.96.0.20"])
            #expect(try kdig(name, at: lab.west.endpoint).data("A") == ["10.112.0.20"])
            #expect(try drill(name, at: lab.old.endpoint).data("A") == ["10.200.0.20"])
        }

        @Test func publicDNSKnowsExampleOrgAndNothingElse() throws {
            let server = try Lab.current.publicDNS.endpoint
            #expect(try dig("www.example.org", at: server).data("A") == ["192.0.2.80"])
            #expect(try dig("missing.example.org", at: server).status == "NXDOMAIN")
            #expect(try dig("web.shop.svc.east.k8s.corp", at: server).status == "NXDOMAIN")
        }

        @Test func toolsAreReadAlike() throws {
            let server = try Lab.current.east.endpoint
            let replies = [
                try dig("_http._tcp.web.shop.svc.cluster.local", "SRV", at: server),
                try kdig("_http._tcp.web.shop.svc.cluster.local", "SRV", at: server),
                try drill("_http._tcp.web.shop.svc.cluster.local", "SRV", at: server),
            ]
            for reply in replies {
                #expect(reply.status == "NOERROR", "\(reply)")
                #expect(reply.opcode == "QUERY")
                #expect(reply.flags.isSuperset(of: ["qr", "aa", "rd"]), "\(reply)")
                #expect(reply.data("SRV") == ["0 100 80 web.shop.svc.cluster.local."])
                #expect(reply.additional.filter { $0.type == "A" }.map(\.data) == ["10.96.0.20"], "\(reply)")
                #expect(reply.size > 0)
            }
        }

        @Test func scriptedUpstreamAnswersOverBothTransports() throws {
            let upstream = try ScriptedUpstream { request in
                [.reply(TestMessage(to: request.query, answer: [.a(request.query.qname, "192.0.2.1")]))]
            }
            defer { upstream.stop() }
            #expect(try dig("a.example.org", at: upstream.endpoint).data("A") == ["192.0.2.1"])
            #expect(try dig("b.example.org", "+tcp", at: upstream.endpoint).data("A") == ["192.0.2.1"])
            #expect(upstream.names == ["a.example.org", "b.example.org"])
            #expect(upstream.requests.map(\.isStream) == [false, true])
        }
    }
}
