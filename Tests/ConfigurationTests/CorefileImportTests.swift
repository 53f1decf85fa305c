import DNSWire
import PresentationFormat
import Routing
import Testing

@testable import Configuration

/// What becomes of a Corefile.
@Suite struct CorefileImportTests {
    private func imported(_ text: String) throws -> Imported { try Imported(text, .corefile) }

    /// One block for everything, with lines from the second on.
    private func block(_ lines: String, zone: String = ".") throws -> Imported {
        try imported("\(zone) {\n\(lines)\n forward . 192.0.2.1\n}\n")
    }

    @Test func aCentralServerBecomesItsClusters() throws {
        let imported = try Imported(fixture: "central.Corefile", .corefile)
        let configuration = imported.configuration
        #expect(configuration.access.allow.map(\.text) == ["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"])
        #expect(configuration.servers.map(\.transport) == [.tls, .tls])
        #expect(configuration.servers.compactMap(\.tls?.name) == ["dns.example.net", "dns.example.net"])
        #expect(configuration.settings.policy == .ordered)
        #expect(configuration.settings.limits.pendingQueries == 2000)
        #expect(configuration.settings.probe.fall == 3)
        #expect(configuration.settings.probe.intervalMilliseconds == 1000)
        #expect(configuration.clusters.map(\.name) == ["east", "west", "corp", "internal"])
        let east = try #require(imported.cluster("east.k8s.corp.example"))
        #expect(east.clusterDomain.presentation == "cluster.local")
        #expect(east.servers.map(\.transport) == [.tcp, .tcp])
        #expect(east.settings.policy == .random)
        #expect(east.settings.probe.name == nil, "the default of clusters")
        let west = try #require(imported.cluster("west.k8s.corp.example"))
        #expect(west.clusterDomain.presentation == "cluster.local")
        #expect(west.reverseTexts == ["10.97.0.0/16"])
        #expect(imported.cluster("corp.example")?.reverseTexts == ["10.0.0.0/8"])
        // What `except` names goes to the servers of everything else.
        #expect(imported.cluster("internal.corp.example")?.servers.map(\.transport) == [.tls, .tls])
        #expect(configuration.cache.maxTTLSeconds == 30, "the shorter of two times")
        #expect(configuration.cache.negativeTTLSeconds == 10)
        #expect(configuration.cache.serveStaleSeconds == 21_600)
        // Those of the file have a note, and a snippet that is imported thrice has it once.
        #expect(imported.lines.filter { $0 == 4 }.count == 1)
        #expect(Set(imported.lines).isSuperset(of: [54, 59, 63, 68, 69, 73]))
    }

    // MARK: - Mapping

    @Test(arguments: [
        "name suffix .east.corp. .cluster.local. answer auto", "name suffix .east.corp .cluster.local",
        "stop name suffix .east.corp .cluster.local answer auto",
        #"name regex (.*)\.east\.corp {1}.cluster.local answer name (.*)\.cluster\.local {1}.east.corp"#,
        #"name regex ^(.+)\.east\.corp\.?$ {1}.cluster.local."#,
        #""name" "suffix" ".east.corp" ".cluster.local""#,
        "stop {\n name suffix .east.corp .cluster.local\n answer auto\n}",
    ]) func aSuffixThatBecomesAnotherIsAMappedCluster(rule: String) throws {
        let imported = try block("rewrite \(rule)", zone: "east.corp")
        #expect(imported.configuration.clusters.map(\.zone.presentation) == ["east.corp"])
        #expect(imported.configuration.clusters.map(\.clusterDomain.presentation) == ["cluster.local"])
        #expect(imported.notes == [])
    }

    @Test(arguments: [
        "name a.corp b.corp", "name exact a.corp b.corp", "name prefix a. b.", "type ANY HINFO",
        "class CH IN",
        #"name regex (.*)\.(east|west)\.corp {1}.cluster.local"#, "name suffix", "name", "",
        #"name regex (.*)\.east\.corp {1}.{2}.cluster.local"#, "name suffix east.corp cluster.local",
        "ttl a 5 60",
        "name substring corp example", "edns0 local set 0xffee 0x61", "name suffix . .", "stop",
    ]) func anotherRewritingIsLeftOutWithItsLine(rule: String) throws {
        let imported = try block("rewrite \(rule)")
        #expect(imported.configuration.clusters.isEmpty, "\(imported.text)")
        #expect(Set(imported.lines) == [2], "\(imported.notes)")
    }

    @Test func ofSeveralServersThoseForTheMappedNameCount() throws {
        let imported = try imported(
            ". {\n rewrite name suffix .east.corp .cluster.local\n forward . 192.0.2.1\n forward cluster.local 10.0.0.1\n}"
        )
        #expect(imported.cluster("east.corp")?.serverTexts == ["10.0.0.1:53"])
        #expect(imported.configuration.servers.count == 1)
    }

    // MARK: - Blocks

    @Test func keysSayWhereToListenAndWhatFor() throws {
        let imported = try imported(
            "dns://a.example:1053 b.example:1053 {\n bind 127.0.0.1 ::1\n forward . 10.0.0.1\n}\n"
        )
        #expect(
            imported.configuration.listen.map { "\($0.address) \($0.port)" } == [
                "127.0.0.1 1053", "::1 1053",
            ]
        )
        #expect(imported.configuration.clusters.map(\.zone.presentation) == ["a.example", "b.example"])
        #expect(imported.notes == [])
    }

    @Test(arguments: [("tls://. {", 1), ("https://corp.example {", 1), ("10.0.0.0/33 {", 0), ("a..b {", 1)])
    func aKeyThatIsNoneDoesNoHarm(line: String, notes: Int) throws {
        let imported = try imported("\(line)\n forward . 10.0.0.1\n}")
        #expect(imported.lines.filter { $0 == 1 }.count >= notes, "\(imported.notes)")
    }

    @Test func aZoneWithoutServersIsNamed() throws {
        let imported = try imported("corp.example {\n errors\n}")
        #expect(imported.configuration.clusters.isEmpty)
        #expect(imported.notes.map { $0.hasPrefix("1: `corp.example`") } == [true])
    }

    // MARK: - Plugins

    @Test(arguments: [
        ("policy sequential", RouteSettings.Policy.ordered), ("policy random", .random),
        ("policy round_robin", .random), ("", .random),
    ]) func theOrderOfServersIsCarriedOver(option: String, policy: RouteSettings.Policy) throws {
        let imported = try imported("a.example {\n forward . 10.0.0.1 10.0.0.2 {\n \(option)\n }\n}")
        #expect(imported.configuration.clusters.map(\.settings.policy) == [policy])
    }

    @Test(arguments: [
        "policy best", "max_fails 0", "max_fails x", "max_concurrent 0", "max_concurrent many",
        "next NXDOMAIN",
        "health_check 1h", "health_check soon", "health_check 1s domain a..b", "failover SERVFAIL",
        "tls a b c",
        "nonsense",
    ]) func anOptionThatCannotBeCarriedOverIsNamed(option: String) throws {
        let imported = try imported(
            "a.example {\n forward . tls://10.0.0.1%dns 10.0.0.2 {\n  \(option)\n }\n}"
        )
        #expect(imported.configuration.clusters.map(\.servers.count) == [2])
        #expect(Set(imported.lines) == [3], "\(imported.notes)")
    }

    @Test(arguments: [
        "https://10.0.0.1", "grpc://10.0.0.1", "10.0.0.256", "10.0.0.1:0", "tls://", "eth0", "/etc/x",
    ])
    func aServerThatCannotBeAskedIsNamed(text: String) throws {
        let imported = try imported("a.example {\n forward . \(text) 10.0.0.2\n}")
        #expect(imported.configuration.clusters.map(\.serverTexts) == [["10.0.0.2:53"]])
        #expect(Set(imported.lines) == [2], "\(imported.notes)")
    }

    @Test(arguments: [
        (":9153", "0.0.0.0:9153"), ("localhost:9154", "127.0.0.1:9154"), ("", "127.0.0.1:9153"),
        ("10.0.0.1:9153", "10.0.0.1:9153"),
    ]) func metricsAreOnTheSameAddress(argument: String, address: String) throws {
        let imported = try block("prometheus \(argument)")
        #expect(imported.text.contains("admin:\n  listen: \(address)\n"), "\(imported.text)")
        #expect(imported.notes == [])
    }

    @Test(arguments: [
        "acl {\n block\n}", "acl {\n allow net 10.0.0.0/8\n}", "acl {\n block net 10.0.0.0/8\n}",
        "acl {\n allow type A net 10.0.0.0/8\n block\n}", "acl a.example {\n allow net 10.0.0.0/8\n block\n}",
        "acl",
    ]) func aListOfClientsThatMeansSomethingElseIsLeftOut(plugin: String) throws {
        let imported = try block(plugin)
        #expect(imported.configuration.access.allow == AccessConfiguration.defaultAllow)
        #expect(imported.lines == [2])
    }

    @Test(arguments: ["kubernetes cluster.local", "hosts", "log", "dnssec", "wireguard", "import /etc/x"])
    func aPluginThatCannotBeCarriedOverIsNamed(plugin: String) throws {
        let imported = try block(plugin)
        let name = plugin.prefix { $0 != " " }
        #expect(imported.notes.map { $0.hasPrefix("2: `\(name)`") } == [true], "\(imported.notes)")
    }

    // MARK: - Structure

    @Test(arguments: [
        "}", "{", "{{{{{{{{", "a {", ". {\n forward . {", "(a) {\n import a\n}\n. {\n import a\n}", "\"",
        "a {\n \"",
        "}}}}", ". { forward . 10.0.0.1 }", "a b c", ",,, {", "{$ENV} {\n}", "\\", "(", "() {}",
        ". {\n rewrite {\n}\n}",
    ]) func brokenFilesGiveAnEmptyResultOrLess(text: String) throws {
        _ = try imported(text)
    }

    @Test func aMissingBraceIsNamed() throws {
        #expect(try imported("a.example {\n forward . 10.0.0.1\n").lines == [2])
    }

    @Test func deepNestingIsSkipped() throws {
        let depth = 10_000
        let text =
            ". {\n" + String(repeating: "a {\n", count: depth) + String(repeating: "}\n", count: depth)
            + "forward . 192.0.2.9\n}\n"
        let imported = try imported(text)
        #expect(imported.configuration.servers.compactMap { $0.upstream?.description } == ["192.0.2.9:53"])
    }

    @Test func snippetsThatGrowAreCutOff() throws {
        var text = "(s0) {\n errors\n errors\n}\n"
        for i in 1...60 { text += "(s\(i)) {\n import s\(i - 1)\n import s\(i - 1)\n}\n" }
        _ = try imported(text + ". {\n import s60\n}\n")
    }
}
