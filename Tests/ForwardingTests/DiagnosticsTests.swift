import DNSWire
import Forwarding
import Metrics
import Routing
import Testing

/// The names of class CH beyond RFC 4892.
@Suite struct DiagnosticsTests {
    /// The texts of a name in class CH.
    private func texts(
        _ name: String,
        _ scenario: Scenario,
        isStream: Bool = true,
        from address: String = "127.0.0.1"
    ) throws -> [String] {
        let reply = try scenario.ask("\(name) TXT", from: address, isStream: isStream) { $0.qclass = .chaos }
            .read()
        #expect(reply.code == .noError)
        let start = "\(name). 0 CH TXT "
        return reply.answer.map { record -> String in
            #expect(record.hasPrefix(start), "\(record)")
            return String(record.dropFirst(start.count)).replacing("\"", with: "")
        }
    }

    @Test func explainsAQuestionInTheWordsOfTheCommand() throws {
        let scenario = try Scenario()
        let name = "web.shop.svc.east.k8s.corp"
        #expect(try texts("\(name).a.explain.switchyard", scenario) == scenario.explain(name).lines)
        #expect(
            try texts("\(name).TYPE64.explain.switchyard".lowercased(), scenario).first
                == "question: \(name) SVCB"
        )
        #expect(try texts("ns.explain.switchyard", scenario).first == "question: . NS")
        #expect(scenario.sent.isEmpty)
    }

    @Test(arguments: ["explain.switchyard", "web.nothing.explain.switchyard", "switchyard", "x.switchyard"])
    func whatHasNoSenseIsRefused(name: String) throws {
        let reply = try Scenario().ask("\(name) TXT") { $0.qclass = .chaos }.read()
        #expect(reply.code == .refused)
        #expect(reply.errors.count == 1)
    }

    @Test func othersThanDiagnosticsClientsLearnNothing() throws {
        for name in ["web.a.explain.switchyard", "clusters.switchyard", "upstreams.switchyard", "hits.bind"] {
            let reply = try Scenario().ask("\(name) TXT", from: "127.0.0.2") { $0.qclass = .chaos }.read()
            #expect(reply.code == .refused)
            #expect(reply.answer.isEmpty)
        }
    }

    @Test func countsHitsAndMisses() throws {
        let scenario = try Scenario()
        try scenario.exchange("www.example.org A", answer: ["www.example.org. 30 A 192.0.2.1"])
        for _ in 0..<3 { try scenario.ask("www.example.org A") }
        #expect(try texts("hits.bind", scenario) == ["3"])
        #expect(try texts("misses.bind", scenario) == ["1"])
    }

    @Test func listsClustersWithTheirServers() throws {
        let scenario = try Scenario()
        try scenario.state(of: "west").setDrained(true)
        #expect(
            try texts("clusters.switchyard", scenario) == [
                "cluster east: zone east.k8s.corp, 2 of 2 servers up",
                "cluster west: zone west.k8s.corp, drained, 1 of 1 servers up",
            ]
        )
        #expect(
            try texts("upstreams.switchyard", scenario).first
                == "default route: 192.0.2.53:53 over UDP: up, not measured yet"
        )
    }

    @Test func manyClustersAreCutToAListThatFits() throws {
        var setup = Setup()
        setup.clusters = (0..<1000).map { Setup.Cluster("c\($0)", ["10.1.0.10"]) }
        let scenario = try Scenario(setup)
        for name in ["clusters.switchyard", "upstreams.switchyard"] {
            let texts = try texts(name, scenario)
            #expect(texts.count == ForwardingLimits.diagnosticLinesMax + 1)
            #expect(texts.last == "and \(name.hasPrefix("c") ? 800 : 802) more")
        }
        let reply = try scenario.ask("clusters.switchyard TXT") { $0.qclass = .chaos }.read()
        #expect(reply.header.flags.isTruncated)
        #expect(reply.answer.isEmpty)
    }

    @Test func otherTypesHaveNoData() throws {
        let reply = try Scenario().ask("clusters.switchyard A") { $0.qclass = .chaos }.read()
        #expect(reply.code == .noError)
        #expect(reply.answer.isEmpty)
    }
}
