import DNSWire
import Routing
import Testing

/// Reverse lookups by ranges of any prefix length, partial names included (RFC 1035 §3.5, RFC 3596 §2.5).
@Suite struct ReverseRoutingTests {
    private let table: RoutingTable

    init() throws {
        table = RoutingTable(
            defaultServers: [],
            clusters: [
                try cluster(
                    "east",
                    "east.k8s.corp",
                    reverse: ["10.96.0.0/13", "172.20.0.0/20", "2001:db8:0:4000::/50", "198.18.0.0/15"]
                ),
                try cluster("west", "west.k8s.corp", reverse: ["10.104.0.0/13", "192.168.7.32/27"]),
                try cluster("inner", "inner.k8s.corp", reverse: ["10.96.5.0/24"]),
                try cluster("zone", "200.in-addr.arpa", domain: "200.in-addr.arpa"),
            ],
            patternParent: try name("k8s.corp")
        )
    }

    @Test(arguments: [
        ("1.0.96.10", "east"), ("255.255.103.10", "east"), ("0.0.104.10", "west"), ("255.255.111.10", "west"),
        ("1.15.20.172", "east"), ("255.0.20.172", "east"), ("32.7.168.192", "west"),
        ("63.7.168.192", "west"), ("0.0.18.198", "east"), ("255.255.19.198", "east"), ("7.5.96.10", "inner"),
    ]) func anAddressGoesToTheClusterOfItsLongestPrefix(labels: String, route: String) throws {
        #expect(try decide(table, "\(labels).in-addr.arpa", .ptr) == route)
    }

    @Test(arguments: [
        ("255.255.95.10", "10.in-addr.arpa"), ("0.0.112.10", "10.in-addr.arpa"),
        ("0.16.20.172", "20.172.in-addr.arpa"), ("31.7.168.192", "168.192.in-addr.arpa"),
        ("64.7.168.192", "168.192.in-addr.arpa"), ("1.2.0.192", "2.0.192.in-addr.arpa"),
        ("9.0.254.169", "254.169.in-addr.arpa"), ("255.255.255.255", "255.255.255.255.in-addr.arpa"),
    ]) func privateAddressesOfNoClusterAreNotForwarded(labels: String, apex: String) throws {
        let decision = try decide(table, "\(labels).in-addr.arpa", .ptr)
        // The apex of 172.16/12 lies at the octet that the prefix ends in.
        let isLocal = decision == "nxDomain \(apex)" || decision == "noData \(apex)"
        #expect(isLocal, "\(decision)")
    }

    @Test(arguments: ["1.2.3.8", "1.0.17.198", "1.0.20.198", "1.0.15.172", "1.0.32.172"])
    func publicAddressesOfNoClusterGoToTheDefaultRoute(labels: String) throws {
        #expect(try decide(table, "\(labels).in-addr.arpa", .ptr) == "default")
    }

    @Test func aPartialNameInsideOneRangeGoesToItsCluster() throws {
        #expect(try decide(table, "97.10.in-addr.arpa", .soa) == "east")
        #expect(try decide(table, "0.96.10.in-addr.arpa", .ns) == "east")
        #expect(try decide(table, "103.10.in-addr.arpa") == "east")
        #expect(try decide(table, "5.96.10.in-addr.arpa") == "inner")
        #expect(try decide(table, "18.198.in-addr.arpa") == "east")
    }

    @Test func aPartialNameOverSeveralRangesGoesToTheParent() throws {
        // 10/8 covers two clusters: a zone of our own, which has something below it.
        #expect(try decide(table, "10.in-addr.arpa", .soa) == "noData 10.in-addr.arpa")
        #expect(try decide(table, "7.168.192.in-addr.arpa") == "noData 168.192.in-addr.arpa")
        #expect(try decide(table, "20.172.in-addr.arpa") == "noData 20.172.in-addr.arpa")
        #expect(try decide(table, "8.168.192.in-addr.arpa") == "nxDomain 168.192.in-addr.arpa")
        #expect(try decide(table, "96.10.in-addr.arpa") == "noData 10.in-addr.arpa")
        // 198/8 is public.
        #expect(try decide(table, "198.in-addr.arpa") == "default")
        #expect(try decide(table, "in-addr.arpa") == "default")
        #expect(try decide(table, "ip6.arpa") == "default")
    }

    @Test(arguments: [
        "01.0.96.10", "001.0.96.10", "256.0.96.10", "1000.0.96.10", "0-127.0.96.10", "0/25.0.96.10",
        "x.0.96.10",
        "-1.0.96.10", "_dns-sd.0.96.10", "00.0.96.10",
    ]) func aLabelThatIsNoOctetCountsAsBelowThePrefixToItsRight(labels: String) throws {
        #expect(try decide(table, "\(labels).in-addr.arpa", .ptr) == "east")
    }

    @Test(arguments: ["1.0.096.10", "1.0.0x60.10", "1.0.352.10"])
    func aLabelThatIsNoOctetDoesNotReachAClusterByTheLabelsBehindIt(labels: String) throws {
        #expect(try decide(table, "\(labels).in-addr.arpa", .ptr) == "nxDomain 10.in-addr.arpa")
    }

    @Test func labelsInFrontOfACompleteAddressDoNotChangeItsRoute() throws {
        #expect(try decide(table, "_http._tcp.1.0.96.10.in-addr.arpa", .srv) == "east")
        #expect(try decide(table, "9.1.0.96.10.in-addr.arpa", .ptr) == "east")
    }

    @Test(arguments: ["1.0.96.10.in-addr", "1.0.96.10.in-addr.arpa.corp", "1.0.96.10.xin-addr.arpa", "arpa"])
    func aNameOutsideTheReverseTreesIsNoAddress(question: String) throws {
        #expect(try decide(table, question, .ptr) == "default")
    }

    @Test func aReverseZoneMayBeAClustersZone() throws {
        #expect(try decide(table, "1.0.0.200.in-addr.arpa", .ptr) == "zone")
        #expect(try decide(table, "1.0.0.201.in-addr.arpa", .ptr) == "default")
    }

    // MARK: IPv6

    @Test func aPrefixThatEndsInsideANibbleIsExact() throws {
        #expect(try decide(table, try reverse("2001:db8:0:4000::1"), .ptr) == "east")
        #expect(try decide(table, try reverse("2001:db8:0:7fff:ffff:ffff:ffff:ffff"), .ptr) == "east")
        for outside in ["2001:db8:0:3fff:ffff:ffff:ffff:ffff", "2001:db8:0:8000::", "2001:db8::1"] {
            #expect(try decide(table, try reverse(outside), .ptr) == "nxDomain 8.b.d.0.1.0.0.2.ip6.arpa")
        }
    }

    @Test func aPartialIPv6NameFollowsTheSameRules() throws {
        let whole = try reverse("2001:db8:0:4000::")
        // 16 nibbles are 2001:db8:0:4000::/64, 13 are 2001:db8:0:4000::/52, 12 cover the whole /48.
        for nibbles in [16, 13] { #expect(try decide(table, try shortened(whole, to: nibbles)) == "east") }
        #expect(try decide(table, try shortened(whole, to: 12)) == "noData 8.b.d.0.1.0.0.2.ip6.arpa")
        #expect(try decide(table, try shortened(whole, to: 8)) == "noData 8.b.d.0.1.0.0.2.ip6.arpa")
        #expect(try decide(table, try shortened(whole, to: 7)) == "default")
    }

    @Test func aLabelThatIsNoNibbleIsNoPartOfTheAddress() throws {
        let whole = try shortened(try reverse("2001:db8:0:4000::"), to: 13)
        for label in ["10", "g", "00", "-"] {
            #expect(try decide(table, try #require(whole.prepending(Array(label.utf8)))) == "east")
        }
        #expect(try decide(table, "40.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa").hasPrefix("nxDomain"))
    }

    @Test func publicIPv6AddressesGoToTheDefaultRoute() throws {
        #expect(try decide(table, try reverse("2600::1"), .ptr) == "default")
    }

    @Test(arguments: [
        ("fd12:3456::1", "d.f.ip6.arpa"), ("fe80::1", "8.e.f.ip6.arpa"), ("febf::1", "b.e.f.ip6.arpa"),
    ]) func localIPv6AddressesAreDeniedHere(text: String, apex: String) throws {
        #expect(try decide(table, try reverse(text), .ptr) == "nxDomain \(apex)")
    }

    @Test func neighboursOfLocalIPv6RangesAreForwarded() throws {
        for text in ["fc00::1", "fec0::1", "fe7f::1", "ff02::1"] {
            #expect(try decide(table, try reverse(text), .ptr) == "default")
        }
    }

    // MARK: Loopback

    @Test func onlyTheLoopbackAddressItselfHasAName() throws {
        #expect(try decide(table, "1.0.0.127.in-addr.arpa", .ptr) == "loopbackPointer 127.in-addr.arpa")
        #expect(try decide(table, "2.0.0.127.in-addr.arpa", .ptr) == "nxDomain 127.in-addr.arpa")
        #expect(try decide(table, "x.1.0.0.127.in-addr.arpa", .ptr) == "nxDomain 127.in-addr.arpa")
        #expect(try decide(table, try reverse("::1"), .ptr).hasPrefix("loopbackPointer 1.0.0.0.0."))
        #expect(try decide(table, try reverse("::2"), .ptr) == "default")
    }

    private func reverse(_ text: String) throws -> DomainName {
        let bits = try address(text).bits
        let nibbles = (0..<32).map { [Array(String(bits >> UInt128($0 * 4) & 15, radix: 16).utf8)] }
        return try #require(
            DomainName(labels: nibbles.flatMap { $0 } + [Array("ip6".utf8), Array("arpa".utf8)])
        )
    }

    private func shortened(_ name: DomainName, to nibbles: Int) throws -> DomainName {
        try #require(DomainName(labels: Array(name.labels.suffix(nibbles + 2))))
    }
}
