import Configuration
import DNSWire
import PresentationFormat
import Routing
import Testing

/// What may stand in `servers`, and what it becomes.
@Suite struct ServerTests {
    private func words(_ server: ServerDefinition) -> String {
        let host =
            switch server.host {
            case .address(let address): address.isIPv4 ? "\(address)" : "[\(address)]"
            case .name(let name): name.presentation
            }
        let tls = server.tls.map { " #\($0.name)" } ?? ""
        return "\(server.transport) \(host):\(server.port)\(tls)"
    }

    private func server(_ text: String) throws -> ServerDefinition {
        try #require(try configuration("upstream: {servers: [\"\(text)\", 192.0.2.1]}").servers.first)
    }

    @Test(arguments: [
        ("10.0.0.53", "udp 10.0.0.53:53"), ("10.0.0.54:5353", "udp 10.0.0.54:5353"),
        ("tcp://10.0.0.55", "tcp 10.0.0.55:53"), ("tls://10.0.0.56#dns.corp", "tls 10.0.0.56:853 #dns.corp"),
        ("tls://10.0.0.56:8853#DNS.Corp.", "tls 10.0.0.56:8853 #dns.corp"),
        ("tls://2001:db8::1#dns", "tls [2001:db8::1]:853 #dns"),
        ("tls://10.0.0.56#10.0.0.57", "tls 10.0.0.56:853 #10.0.0.57"),
        ("tls://[2001:db8::1]:443#2001:DB8:0::1", "tls [2001:db8::1]:443 #2001:db8::1"),
        ("tls://dns.corp.example#10.0.0.56", "tls dns.corp.example:853 #10.0.0.56"),
        ("tls://[2001:db8::1]:443#dns.corp", "tls [2001:db8::1]:443 #dns.corp"),
        ("dns.corp.example", "udp dns.corp.example:53"), ("DNS.corp.example.:54", "udp dns.corp.example:54"),
        ("tcp://dns.corp.example", "tcp dns.corp.example:53"),
        ("tls://dns.corp.example", "tls dns.corp.example:853 #dns.corp.example"),
        ("tls://dns.corp.example:443#other.example", "tls dns.corp.example:443 #other.example"),
        ("9.corp", "udp 9.corp:53"), ("be.ef", "udp be.ef:53"), ("a-b.c-d", "udp a-b.c-d:53"),
    ]) func readsEveryForm(text: String, words: String) throws {
        #expect(self.words(try server(text)) == words)
    }

    @Test func aClusterTakesTheSameForms() throws {
        let read = try configuration(
            "clusters: [{name: a, zone: a.corp, servers: [dns.b.corp, tcp://10.0.0.1, 'tls://10.0.0.2#dns.b.corp']}]"
        )
        #expect(
            read.clusters.first?.servers.map(words) == [
                "udp dns.b.corp:53", "tcp 10.0.0.1:53", "tls 10.0.0.2:853 #dns.b.corp",
            ]
        )
    }

    @Test(arguments: [
        ("tls://192.0.2.1", "write it after `#`: tls://192.0.2.1#dns.example.org"),
        ("tls://[2001:db8::1]:853", "tls://[2001:db8::1]:853#dns.example.org"),
        ("tls://192.0.2.1#", "nothing after `#`"),
        ("tls://192.0.2.1#192.0.2.300", "no host name and no IP address"),
        ("tls://192.0.2.1#853", "no host name and no IP address"),
        ("tls://192.0.2.1#[2001:db8::1]", "no host name and no IP address"),
        ("tls://192.0.2.1#a_b.corp", "is no host name"), ("tls://192.0.2.1#a..b", "an empty label"),
        ("tls://192.0.2.1#dns.corp:853", "is no host name"), ("tls://192.0.2.1#a#b", "is no host name"),
        ("tls://dns#dns.corp", "host name of one label"), ("tls://", "is empty"),
        ("tls://#dns.corp", "is empty"),
        ("192.0.2.1#dns.corp", "only tls:// needs"), ("tcp://192.0.2.1#dns.corp", "only tls:// needs"),
        ("192.0.2.1#5353", "write it after a colon"), ("TLS://192.0.2.1#dns.corp", "unknown scheme"),
        ("https://dns.corp.example", "unknown scheme"), ("tcp://tls://192.0.2.1", "host name of one label"),
        ("dns", "host name of one label"), ("localhost", "host name of one label"),
        ("dns:53", "host name of one label"), ("dns.corp:0", "no valid port"),
        ("dns.corp:dns", "no valid port"),
        ("dns.corp:", "no valid port"), ("dns_1.corp", "is no host name"), ("-dns.corp", "is no host name"),
        ("dns.corp/8", "is no host name"), ("dns corp.example", "space"), ("dns..corp", "an empty label"),
        (".dns.corp", "an empty label"), ("bücher.corp", "xn--"), ("a.10", "ends in a number"),
        ("0x7f.1", "ends in a number"), ("10.0.0.300", "no IP address"), ("192.0.2.1%eth0.corp", "interface"),
        ("dns.test", "special-use name"), ("dns.home.arpa", "special-use name"),
        ("kube-dns.kube-system.svc.cluster.local", "special-use name"),
    ]) func refusesWhatIsNoServer(text: String, part: String) {
        expectProblem("upstream: {servers: [192.0.2.9, \"\(text)\"]}", "1:33", part)
    }

    @Test func namesOfEndlessLengthAreRefusedInAShortSentence() {
        let label = String(repeating: "a", count: 64)
        expectProblem("upstream: {servers: [192.0.2.9, \(label).corp]}", "1:33", "63 octets")
        let long = String(repeating: "a.", count: 50_000)
        for text in [long, "tls://192.0.2.1#" + long, "tls://" + long, long + ":53", "x://" + long] {
            let found = problems("upstream: {servers: [192.0.2.9, \(text)]}")
            #expect(found.count == 1)
            #expect(found.allSatisfy { $0.utf8.count < 300 })
        }
    }

    // MARK: - Names against zones

    @Test func aServerInsideOfOurOwnZonesIsRefusedWhereverItStands() {
        let clusters =
            "clusters: [{name: a, zone: a.corp, servers: [10.0.0.1, dns.b.corp]}, {name: b, zone: b.corp, "
        expectProblem(clusters + "servers: [10.0.0.1]}]", "1:56", "lies in the zone of a cluster, see line 1")
        expectProblem(
            "upstream: {servers: [192.0.2.1, A.corp]}\nclusters: [{name: a, zone: a.corp, servers: [10.0.0.1]}]",
            "1:33",
            "see line 2, column 28"
        )
        expectProblem(
            "upstream: {servers: [192.0.2.1, dns.k8s.corp]}\nzonePattern: '{cluster}.k8s.corp'",
            "1:33",
            "below the parent of `zonePattern`"
        )
    }

    @Test func aServerBesideOurZonesIsNot() {
        let text = "clusters: [{name: a, zone: a.corp, servers: [dns.corp, nota.corp, ns.ba.corp]}]"
        #expect(problems(text) == [])
    }

    /// A special-use name that a cluster serves is that cluster's.
    @Test func aNameOfAClusterThatIsNotMappedIsToldSo() {
        expectProblem(
            "clusters: [{name: a, zone: cluster.local, servers: [10.0.0.1, x.cluster.local]}]",
            "1:63",
            "lies in the zone of a cluster"
        )
    }

    @Test func namesNeedSomebodyWhoResolvesThem() throws {
        let advice = "add `bootstrap: [ADDRESS]` to `upstream`"
        expectProblem("upstream: {servers: [dns.corp.example, ns.corp.example]}", "1:22", advice)
        expectProblem(
            "upstream: {servers: [tls://dns.corp.example]}\n"
                + "clusters: [{name: a, zone: a.corp, servers: [dns.b.corp]}]",
            "1:22",
            advice
        )
        let read = try configuration(
            "upstream: {servers: [dns.corp.example], bootstrap: [192.0.2.7, '[2001:db8::7]:5353']}"
        )
        #expect(read.bootstrap.map(\.description) == ["192.0.2.7:53", "[2001:db8::7]:5353"])
        #expect(problems("clusters: [{name: a, zone: a.corp, servers: [dns.b.corp]}]") == [])
        #expect(try configuration("{}").bootstrap.isEmpty)
    }

    @Test(arguments: [
        ("dns.corp", "a host name, which only `servers`"), ("tcp://192.0.2.1", "has a scheme"),
        ("127.0.0.1", "go in circles"), ("0.0.0.0", "no server's address"), ("/etc/resolv.conf", "host name"),
        ("[2001:db8::1]", "needs quotes"), ("192.0.2.1:0", "no valid port"),
        ("{address: 192.0.2.1}", "single"),
    ]) func bootstrapServersAreAddresses(text: String, part: String) {
        let found = problems("upstream:\n  servers: [dns.corp]\n  bootstrap:\n    - \(text)")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("4:7: ") == true && found.first?.contains(part) == true, "\(found)")
    }

    @Test func bootstrapServersAreFewAndDistinct() {
        expectProblem("upstream: {bootstrap: [192.0.2.1, '192.0.2.1:53']}", "1:35", "listed twice")
        expectProblem("upstream: {bootstrap: 192.0.2.1}", "1:23", "must be a list")
        expectProblem(
            "clusters: [{name: a, zone: a.corp, servers: [10.0.0.1], bootstrap: [192.0.2.1]}]",
            "1:57",
            "move it to `upstream`"
        )
        let many = (1...65).map { "192.0.2.\($0)" }.joined(separator: ", ")
        expectProblem("upstream: {bootstrap: [\(many)]}", "1:23", "keep 64 at most")
    }

    // MARK: - Weights

    @Test func weightsAreReadUnderThePolicyRandom() throws {
        let read = try configuration(
            """
            upstream: {policy: random, servers: [{address: 192.0.2.1, weight: 3}, 192.0.2.2, {address: tcp://192.0.2.3}]}
            clusters: [{name: a, zone: a.corp, policy: random, servers: [{weight: 1000, address: dns.b.corp}]}]
            """
        )
        #expect(read.servers.map(\.weight) == [3, 1, 1])
        #expect(read.clusters.first?.servers.map(\.weight) == [1000])
    }

    @Test(arguments: ["0", "1001", "-1", "1.5", "x", "99999999999999999999", "\"3\"", "[3]"])
    func weightsAreWholeNumbers(text: String) {
        expectProblem(
            "upstream: {policy: random, servers: [{address: 192.0.2.1, weight: \(text)}]}",
            "1:67",
            "`weight` must be a"
        )
    }

    @Test func weightsWithoutThePolicyRandomAreRefused() {
        let server = "servers: [{address: 192.0.2.1, weight: 3}]"
        expectProblem("upstream: {\(server)}", "1:51", "`weight` counts with `policy: random` only")
        expectProblem(
            "upstream: {\(server), policy: fastest}",
            "1:51",
            "`weight` counts with `policy: random` only"
        )
        expectProblem("upstream: {\(server), policy: rnd}", "1:64", "`policy` cannot be `rnd`")
    }

    @Test func aServerAsAMappingNeedsItsAddress() {
        expectProblem("upstream: {servers: [{}]}", "1:22", "has no `address`")
        expectProblem("upstream: {servers: [{address: ~}]}", "1:23", "`address` has no value")
        expectProblems(
            "upstream: {servers: [{adress: 192.0.2.1}, 192.0.2.1]}",
            [("1:22", "has no `address`"), ("1:23", "did you mean `address`?")]
        )
        expectProblem("upstream: {servers: [{address: [192.0.2.1]}]}", "1:32", "single value")
        expectProblem("upstream: {servers: [{address: 192.0.2.1, port: 53}]}", "1:43", "unknown key `port`")
        expectProblem("upstream: {servers: [{address: /etc/resolv.conf}]}", "1:32", "is no host name")
    }

    @Test func aServerIsListedOnceWhateverItsWeight() {
        expectProblem(
            "upstream: {policy: random, servers: [{address: 192.0.2.1, weight: 2}, 192.0.2.1]}",
            "1:71",
            "listed twice, first on line 1, column 48"
        )
        expectProblem("upstream: {servers: [192.0.2.1, DNS.corp, dns.corp.:53]}", "1:43", "listed twice")
        #expect(problems("upstream: {servers: [192.0.2.1, tcp://192.0.2.1, 'tls://192.0.2.1#a']}") == [])
    }

    // MARK: - Certificates

    @Test func anAuthorityIsForServersBehindTLS() throws {
        let read = try configuration(
            """
            upstream: {servers: ['tls://192.0.2.1#a', 192.0.2.2], tls: {ca: /test/ca.pem}}
            clusters: [{name: a, zone: a.corp, servers: ['tls://10.0.0.1#b']}]
            """
        )
        #expect(read.servers.map(\.tls?.authorities) == ["/test/ca.pem", nil])
        #expect(read.servers.last?.tls == nil)
        #expect(read.clusters.first?.servers.first?.tls == TLSIdentity(name: "b"))
    }

    @Test(arguments: [
        ("{ca: /test/missing.pem}", "1:54", "cannot read `/test/missing.pem`: there is no such file"),
        ("{ca: /test/key.pem}", "1:54", "has no certificate"),
        ("{ca: ca.pem}", "1:54", "a path from the root"),
        ("{ca: [/test/ca.pem]}", "1:54", "single value"), ("{}", "1:49", "has no `ca`"),
        ("{ca: ~}", "1:50", "`ca` has no value"), ("{cert: x}", "1:50", "unknown key `cert`"),
        ("/test/ca.pem", "1:49", "must be a mapping with the keys `ca`"),
    ]) func authoritiesAreAFileOfCertificates(text: String, place: String, part: String) {
        expectProblem("upstream: {servers: ['tls://192.0.2.1#a'], tls: \(text)}", place, part)
    }

    @Test func authoritiesWithoutATLSServerAreRefused() {
        expectProblem(
            "upstream: {servers: [tcp://192.0.2.1], tls: {ca: /test/ca.pem}}",
            "1:45",
            "`tls` is for servers behind tls://"
        )
    }

    @Test func aFileOfAuthoritiesIsReadOnceForAllClusters() {
        var reads = 0
        func read(_ path: String) throws(UnreadableFile) -> String {
            if path == "/test/ca.pem" { reads += 1 }
            return try readTestFile(path)
        }
        let clusters = (0..<100).map {
            "  - {name: c\($0), zone: c\($0).corp, servers: ['tls://10.0.0.1#a'], tls: {ca: /test/ca.pem}}\n"
        }
        let text = "clusters:\n" + clusters.joined()
        #expect(throws: Never.self) {
            try ConfigurationLoader.parse(text, file: "f.yaml", readFile: read)
        }
        #expect(reads == 1)
    }

    // MARK: - Files of nameservers

    @Test func filesOfNameserversAreRememberedInTheirPlace() throws {
        let read = try configuration("upstream: {servers: [192.0.2.9, /test/many.conf, dns.corp.example]}")
        #expect(read.resolvConfFiles == ["/test/many.conf"])
        #expect(read.serverSources.count == 3)
        #expect(read.servers.map(words).first == "udp 192.0.2.9:53")
        #expect(try configuration("{}").resolvConfFiles == ["/etc/resolv.conf"])
        #expect(try configuration("upstream: {policy: random}").resolvConfFiles == ["/etc/resolv.conf"])
        #expect(try configuration("upstream: {servers: [192.0.2.9]}").resolvConfFiles.isEmpty)
    }

    @Test func aChangedFileOfNameserversGivesOtherServersInTheSamePlace() throws {
        let read = try configuration("upstream: {servers: [192.0.2.9, /test/many.conf, dns.corp.example]}")
        #expect(try ConfigurationLoader.servers(of: read, readFile: readTestFile) == read.servers)
        func changed(_ path: String) throws(UnreadableFile) -> String {
            "nameserver 192.0.2.77\nnameserver 192.0.2.9\n"
        }
        #expect(
            try ConfigurationLoader.servers(of: read, readFile: changed).map(words) == [
                "udp 192.0.2.9:53", "udp 192.0.2.77:53", "udp dns.corp.example:53",
            ]
        )
    }

    @Test(arguments: [
        ("", "1:1", "has no `nameserver` line"), ("nameserver x\n", "1:12", "host name"),
        ("#\nnameserver 127.0.0.1\n", "2:12", "go in circles"),
    ]) func aFileThatBecameWrongSaysWhere(text: String, place: String, part: String) throws {
        let read = try configuration("{}")
        func changed(_ path: String) throws(UnreadableFile) -> String { text }
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader.servers(of: read, readFile: changed)
        }
        #expect(error?.problems.count == 1)
        let sentence = error?.description ?? ""
        #expect(sentence.hasPrefix("/etc/resolv.conf:\(place): ") && sentence.contains(part), "\(sentence)")
    }

    @Test func moreThan64ServersOfAFileAreRefusedLaterToo() throws {
        let read = try configuration("{}")
        func changed(_ path: String) throws(UnreadableFile) -> String {
            (1...65).map { "nameserver 192.0.2.\($0)\n" }.joined()
        }
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader.servers(of: read, readFile: changed)
        }
        #expect(error?.description.contains("keep 64 at most") == true)
    }
}
