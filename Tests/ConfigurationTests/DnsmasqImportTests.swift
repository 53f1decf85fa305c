import DNSWire
import PresentationFormat
import Routing
import Testing

@testable import Configuration

/// What becomes of a dnsmasq.conf.
@Suite struct DnsmasqImportTests {
    /// A text without what dnsmasq does unasked.
    private func imported(_ lines: String) throws -> Imported {
        try Imported("no-hosts\nno-resolv\nserver=192.0.2.1\n" + lines, .dnsmasq)
    }

    // MARK: - A whole file

    @Test func aCentralResolverBecomesItsClusters() throws {
        let imported = try Imported(fixture: "central.dnsmasq.conf", .dnsmasq)
        let configuration = imported.configuration
        #expect(
            configuration.listen.map { "\($0.address) \($0.port)" }
                == ["127.0.0.1 53", "10.20.0.53 53", "2001:db8:20::53 53"]
        )
        #expect(
            configuration.servers.compactMap { $0.upstream?.description }
                == ["192.0.2.53:53", "192.0.2.54:5353", "[2001:db8::53]:53"]
        )
        #expect(
            configuration.clusters.map(\.name)
                == [
                    "east", "west", "north", "north-corp-example", "ad", "corp-legacy", "www",
                    "reverse-192-168-5-0-24",
                ]
        )
        let east = try #require(imported.cluster("east.k8s.corp.example"))
        #expect(east.clusterDomain == east.zone)
        #expect(east.serverTexts == ["10.1.0.10:53", "10.1.0.11:5353"])
        #expect(east.reverseTexts == ["10.96.0.0/12"])
        #expect(east.settings.probe.name == nil, "the default of clusters")
        #expect(imported.cluster("west.k8s.corp.example")?.reverseTexts == ["10.244.0.0/16"])
        let north = try #require(imported.cluster("svc.north.corp.example"))
        #expect(north.settings.probe.name == DomainName("kubernetes.default.svc.north.corp.example"))
        #expect(north.reverseTexts == ["fd00:3::/64"])
        let directory = try #require(imported.cluster("ad.corp.example"))
        #expect(directory.serverTexts == ["192.168.5.5:53", "192.168.5.6:53"])
        #expect(directory.settings.probe.name == DomainName("ad.corp.example"))
        #expect(directory.settings.probe.type == RecordType(presentation: "SOA"))
        // Exempt from a domain above it, it goes where everything else goes.
        #expect(imported.cluster("www.corp-legacy.example")?.serverTexts.count == 3)
        #expect(configuration.cache.maxTTLSeconds == 3600)
        #expect(configuration.cache.minTTLSeconds == 5)
        #expect(configuration.cache.negativeTTLSeconds == 10)
        #expect(configuration.cache.sizeBytes == 488 << 20)
        #expect(configuration.clusters.allSatisfy { $0.settings.limits.pendingQueries == 5000 })
        #expect(imported.lines == [2, 16, 34, 36, 39, 40, 41, 42, 43, 46, 52, 55, 56])
    }

    // MARK: - Servers

    @Test func linesOfOneDomainBecomeOneClusterWhateverTheirCase() throws {
        let imported = try imported(
            "server=/Corp.Example/10.0.0.1\nserver=/corp.example./10.0.0.2\nserver=/.corp.example/10.0.0.1\n"
        )
        #expect(imported.configuration.clusters.map(\.serverTexts) == [["10.0.0.1:53", "10.0.0.2:53"]])
        #expect(imported.notes == [])
    }

    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1:53"), ("10.0.0.1#5353", "10.0.0.1:5353"), ("2001:db8::1", "[2001:db8::1]:53"),
        ("2001:db8::1#5353", "[2001:db8::1]:5353"), ("::ffff:10.0.0.1", "10.0.0.1:53"),
        ("\"10.0.0.1\"   # comment", "10.0.0.1:53"), ("10.0.0.1#53", "10.0.0.1:53"),
    ]) func aServerIsReadInAllItsForms(text: String, server: String) throws {
        let imported = try imported("server=/corp.example/\(text)\r\n")
        #expect(imported.configuration.clusters.map(\.serverTexts) == [[server]])
        #expect(imported.notes == [])
    }

    @Test(arguments: ["10.0.0.1@eth0", "10.0.0.1#53@10.9.9.9#1053", "10.0.0.1@eth0@10.9.9.9"])
    func theSourceOfQueriesIsLeftOutAndTheServerKept(text: String) throws {
        let imported = try imported("server=/corp.example/\(text)")
        #expect(imported.configuration.clusters.map(\.serverTexts) == [["10.0.0.1:53"]])
        #expect(imported.lines == [4])
    }

    @Test(arguments: [
        "10.0.0.999", "10.0.0.1#0", "10.0.0.1#x", "fe80::1", "fe80::1%eth0", "255.255.255.255", "0.0.0.0",
        "#53", "@eth0", "nameserver", "10.0.0.1/24", "127.0.0.1", "a b", "\u{1F98A}",
    ]) func aServerThatIsNoneIsLeftOutWithItsLine(text: String) throws {
        let imported = try imported("listen-address=127.0.0.1\nserver=/corp.example/\(text)")
        #expect(imported.configuration.clusters.isEmpty)
        #expect(Set(imported.lines) == [5], "\(imported.notes)")
    }

    @Test(arguments: ["*.corp.example", "..", "a..b", String(repeating: "a", count: 64), "a.\u{0}"])
    func aDomainThatIsNoneIsLeftOutWithItsLine(text: String) throws {
        let imported = try imported("server=/\(text)/10.0.0.1")
        #expect(imported.configuration.clusters.isEmpty, "\(imported.text)")
        #expect(imported.lines == [4], "\(imported.notes)")
    }

    @Test(arguments: [
        "server=//10.0.0.1", "server=/corp.example", "server=", "server", "server=/", "rev-server=",
    ])
    func aServerWithoutItsDomainIsNoServerForEverything(line: String) throws {
        let imported = try imported(line)
        #expect(imported.configuration.clusters.isEmpty)
        #expect(imported.configuration.servers.count == 1)
        #expect(imported.lines == [4], "\(imported.notes)")
    }

    @Test func theServersOfTheSystemAreThoseOfTheFile() throws {
        let named = try Imported("no-hosts\nresolv-file=/run/dns/resolv.conf\nserver=192.0.2.9", .dnsmasq)
        #expect(named.configuration.serverSources.contains(.resolvConf(path: "/run/dns/resolv.conf")))
        #expect(named.notes == [])
        let alone = try Imported("no-hosts\n", .dnsmasq)
        #expect(alone.configuration.serverSources == [.resolvConf(path: "/etc/resolv.conf")])
        #expect(alone.notes == [])
        let none = try Imported("no-hosts\nno-resolv\n", .dnsmasq)
        #expect(none.lines == [1], "there is no server for all names")
    }

    // MARK: - Reverse names

    @Test(arguments: [
        ("rev-server=10.96.0.0/13,10.0.0.1", "10.96.0.0/13", "96.10.in-addr.arpa"),
        ("rev-server=10.96.0.0/16,10.0.0.1", "10.96.0.0/16", "96.10.in-addr.arpa"),
        ("server=/96.10.in-addr.arpa/10.0.0.1", "10.96.0.0/16", "96.10.in-addr.arpa"),
        ("server=/10.IN-ADDR.arpa./10.0.0.1", "10.0.0.0/8", "10.in-addr.arpa"),
        ("server=/8.b.d.0.1.0.0.2.ip6.arpa/10.0.0.1", "2001:db8::/32", "8.b.d.0.1.0.0.2.ip6.arpa"),
        ("rev-server=fd00::/62,10.0.0.1", "fd00::/62", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa"),
        ("rev-server=10.1.2.3,10.0.0.1", "10.1.2.3/32", "3.2.1.10.in-addr.arpa"),
    ]) func aRangeWhoseServersHaveNoDomainIsAClusterOfItsOwn(
        line: String,
        range: String,
        zone: String
    ) throws {
        let imported = try imported(line)
        #expect(imported.configuration.clusters.map(\.reverseTexts) == [[range]])
        #expect(imported.configuration.clusters.map(\.zone.presentation) == [zone])
        #expect(imported.notes == [])
    }

    @Test(arguments: [
        "rev-server=10.0.0.0/33,10.0.0.1", "rev-server=10.0.0.1/8,10.0.0.1",
        "rev-server=corp.example,10.0.0.1", "rev-server=/10.0.0.0/8/10.0.0.1", "rev-server=192.0.32.0/24",
    ]) func aRangeThatIsNoneIsLeftOutWithItsLine(line: String) throws {
        let imported = try imported(line)
        #expect(imported.configuration.clusters.isEmpty)
        #expect(imported.lines == [4], "\(imported.notes)")
    }

    @Test(arguments: [
        "local=/local/", "local=/168.192.in-addr.arpa/", "server=/d.f.ip6.arpa/", "local=/test/",
    ])
    func whatNeverLeavesThisServerAnywayIsNoLoss(line: String) throws {
        #expect(try imported(line).notes == [])
    }

    // MARK: - Other options

    @Test(arguments: [
        ("", RouteSettings.Policy.fastest), ("strict-order", .ordered), ("all-servers", .fastest),
        ("all-servers\nstrict-order", .fastest),
    ]) func theOrderOfServersIsCarriedOver(option: String, policy: RouteSettings.Policy) throws {
        let imported = try imported(
            "server=192.0.2.2\nserver=/a.example/10.0.0.1\nserver=/a.example/10.0.0.2\n\(option)"
        )
        #expect(imported.configuration.settings.policy == policy)
        #expect(imported.configuration.clusters.map(\.settings.policy) == [policy])
    }

    @Test func theCacheIsAsLargeAsItWas() throws {
        #expect(try imported("cache-size=0").configuration.cache.sizeBytes == 0)
        #expect(try imported("cache-size=10000").configuration.cache.sizeBytes == 64 << 20)
        #expect(try imported("no-negcache").configuration.cache.negativeTTLSeconds == 0)
        #expect(try imported("use-stale-cache=60").configuration.cache.serveStaleSeconds == 60)
        #expect(try imported("max-cache-ttl=60\nmax-ttl=90").configuration.cache.maxTTLSeconds == 60)
    }

    @Test(arguments: [
        "cache-size=many", "cache-size=-1", "cache-size=", "cache-size=99999999999999", "max-ttl=x",
        "max-ttl=",
        "min-cache-ttl=9999999999999999999999", "dns-forward-max=0", "dns-forward-max=x", "port=x",
        "port=99999",
        "listen-address=eth0", "listen-address=", "resolv-file=resolv.conf", "resolv-file=", "port=0",
    ]) func aBadValueIsLeftOutWithItsLine(line: String) throws {
        let imported = try Imported("no-hosts\nserver=192.0.2.1\nno-resolv\n\(line)", .dnsmasq)
        if line.hasPrefix("resolv") {
            // With `no-resolv` the file is of no interest.
            #expect(imported.notes == [])
        } else {
            #expect(Set(imported.lines) == [4], "\(imported.notes)")
        }
        #expect(imported.configuration.servers.count == 1)
    }

    @Test func whereToListenIsWhatTheFileSays() throws {
        func listen(_ text: String) throws -> [String] {
            try imported(text).configuration.listen.map { "\($0.address) \($0.port)" }
        }
        #expect(try listen("") == ["0.0.0.0 53", ":: 53"])
        #expect(try listen("port=5353") == ["0.0.0.0 5353", ":: 5353"])
        #expect(try listen("listen-address=127.0.0.1,::1\nport=5353") == ["127.0.0.1 5353", "::1 5353"])
        // An interface is no address: better too few than too many.
        #expect(try listen("interface=eth0") == ["127.0.0.1 53", "::1 53"])
        #expect(try imported("interface=eth0").lines == [4])
    }

    @Test func linesAboutOtherServicesAreOneNote() throws {
        let imported = try imported("dhcp-range=a\ndhcp-host=b\nenable-tftp\npxe-prompt=c\nra-param=d")
        #expect(imported.lines == [4])
        #expect(imported.notes.first?.contains("5 lines") == true)
    }

    @Test func anUnknownOptionIsNamed() throws {
        #expect(try imported("sever=10.0.0.1").notes.map { $0.contains("`sever`") } == [true])
    }
}
