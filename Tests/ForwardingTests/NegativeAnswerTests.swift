import DNSWire
import Forwarding
import Testing

/// NXDOMAIN and NODATA: how long, for what, with which SOA (RFC 2308).
@Suite struct NegativeAnswerTests {
    private func soa(_ ttl: Int, minimum: Int, zone: String = "cluster.local.") -> String {
        "\(zone) \(ttl) SOA ns.dns.\(zone) hostmaster.\(zone) 1 2 3 4 \(minimum)"
    }

    private func scenario(negative: UInt32 = 60) throws -> Scenario {
        var setup = Setup()
        setup.ttls = TTLLimits(negative: negative)
        return try Scenario(setup)
    }

    @Test func aDenialIsCachedWithItsSOACountedDown() throws {
        let scenario = try scenario()
        try scenario.exchange("nope.east.k8s.corp A", .nxDomain, authority: [soa(30, minimum: 40)])
        scenario.pass(seconds: 12)
        let reply = try scenario.ask("nope.east.k8s.corp A").read()
        #expect(reply.code == .nxDomain)
        #expect(
            reply.authority == [
                "east.k8s.corp. 18 SOA ns.dns.east.k8s.corp. hostmaster.east.k8s.corp. 1 2 3 4 40"
            ]
        )
        #expect(scenario.isQuiet)
        scenario.pass(seconds: 18)
        try scenario.ask("nope.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func noDataIsCachedForItsTypeOnly() throws {
        let scenario = try scenario()
        try scenario.exchange("web.east.k8s.corp AAAA", authority: [soa(30, minimum: 30)])
        let reply = try scenario.ask("web.east.k8s.corp AAAA").read()
        #expect(reply.code == .noError)
        #expect(reply.answer.isEmpty)
        #expect(reply.authority.count == 1)
        #expect(scenario.isQuiet)
        try scenario.ask("web.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test(arguments: [(30, 10, 10), (10, 30, 10), (100, 100, 60)])
    func theTTLIsTheLeastOfSOAMinimumAndCap(ttl: Int, minimum: Int, expected: Int) throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "nope.east.k8s.corp A",
            .nxDomain,
            authority: [soa(ttl, minimum: minimum)]
        )
        #expect(reply.authority.first?.hasPrefix("east.k8s.corp. \(expected) SOA") == true)
    }

    @Test func aTTLWithItsHighBitSetCountsAsLarge() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "nope.east.k8s.corp A",
            .nxDomain,
            authority: [soa(0x8000_0005, minimum: 30)]
        )
        #expect(reply.authority.first?.hasPrefix("east.k8s.corp. 30 SOA") == true)
    }

    @Test(arguments: [(0, 30), (30, 0)]) func aDenialWithoutLifetimeIsNotCached(ttl: Int, minimum: Int) throws
    {
        let scenario = try scenario()
        try scenario.exchange("nope.east.k8s.corp A", .nxDomain, authority: [soa(ttl, minimum: minimum)])
        try scenario.ask("nope.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func aDenialWithoutSOAIsNotCached() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange("nope.east.k8s.corp A", .nxDomain)
        #expect(reply.code == .nxDomain)
        #expect(reply.authority.isEmpty)
        try scenario.ask("nope.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func anSOAInTheWrongSectionDoesNotCount() throws {
        let scenario = try scenario()
        try scenario.exchange("nope.east.k8s.corp A", .nxDomain, additional: [soa(30, minimum: 30)])
        try scenario.ask("nope.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func anSOAThatIsNotAboveTheNameDoesNotCount() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "nope.east.k8s.corp A",
            .nxDomain,
            authority: [soa(30, minimum: 30, zone: "other.cluster.local.")]
        )
        #expect(reply.authority.isEmpty)
        try scenario.ask("nope.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test(arguments: [".", "local."]) func aForeignSOAIsNoDenialOfTheCluster(zone: String) throws {
        // The cluster's DNS passed the question on: the answer is somebody else's word.
        let scenario = try scenario()
        let record = "\(zone) 3600 SOA a.root-servers.net. nstld.example. 1 2 3 4 3600"
        let reply = try scenario.exchange("nope.east.k8s.corp A", .nxDomain, authority: [record])
        #expect(reply.code == .nxDomain)
        #expect(reply.authority.isEmpty)
        #expect(try scenario.ask("nope.east.k8s.corp A").read().code == .nxDomain)
        #expect(scenario.isQuiet)
        scenario.pass(seconds: 1)
        try scenario.ask("nope.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func anAliasWithTTLZeroAndAForeignSOAIsNotCached() throws {
        let scenario = try scenario()
        try scenario.exchange(
            "ext.east.k8s.corp A",
            .nxDomain,
            answer: ["ext.cluster.local. 0 CNAME nope.cluster.local."],
            authority: [". 3600 SOA a.root-servers.net. nstld.example. 1 2 3 4 3600"]
        )
        try scenario.ask("ext.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func theDefaultRouteTakesAnySOAAboveTheName() throws {
        let scenario = try scenario()
        let record = ". 3600 SOA a.root-servers.net. nstld.example. 1 2 3 4 3600"
        let reply = try scenario.exchange("nope.example A", .nxDomain, authority: [record])
        #expect(reply.authority == [". 60 SOA a.root-servers.net. nstld.example. 1 2 3 4 3600"])
        scenario.pass(seconds: 59)
        #expect(try scenario.ask("nope.example A").read().code == .nxDomain)
        #expect(scenario.isQuiet)
    }

    // MARK: Names below

    @Test func nxdomainOfANameDoesNotHideWhatIsBelow() throws {
        // CoreDNS takes `_tcp` for an endpoint and denies it, although `_http._tcp` exists.
        let scenario = try scenario()
        try scenario.exchange(
            "_tcp.web.shop.svc.east.k8s.corp SRV",
            .nxDomain,
            authority: [soa(30, minimum: 30)]
        )
        let reply = try scenario.exchange(
            "_http._tcp.web.shop.svc.east.k8s.corp SRV",
            answer: ["_http._tcp.web.shop.svc.cluster.local. 30 SRV 0 0 80 web.shop.svc.cluster.local."]
        )
        #expect(reply.answer.count == 1)
    }

    @Test func nxdomainOfOneTypeDoesNotChangeWhatIsCachedOfAnother() throws {
        let scenario = try scenario()
        try scenario.exchange("web.east.k8s.corp A", answer: ["web.cluster.local. 30 A 10.96.0.1"])
        try scenario.exchange("web.east.k8s.corp AAAA", .nxDomain, authority: [soa(30, minimum: 30)])
        #expect(try scenario.ask("web.east.k8s.corp A").read().answer.count == 1)
    }

    // MARK: Aliases

    @Test func anAliasOfNothingHasTheRCODEOfItsLastName() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "ext.east.k8s.corp A",
            .nxDomain,
            answer: ["ext.cluster.local. 20 CNAME nope.cluster.local."],
            authority: [soa(30, minimum: 30)]
        )
        #expect(reply.code == .nxDomain)
        #expect(reply.answer == ["ext.east.k8s.corp. 20 CNAME nope.east.k8s.corp."])
        #expect(reply.authority.count == 1)
        scenario.pass(seconds: 5)
        let cached = try scenario.ask("ext.east.k8s.corp A").read()
        #expect(cached.code == .nxDomain)
        #expect(cached.answer == ["ext.east.k8s.corp. 15 CNAME nope.east.k8s.corp."])
        #expect(cached.authority.first?.hasPrefix("east.k8s.corp. 25 SOA") == true)
        #expect(scenario.isQuiet)
        // No longer than its shortest part.
        scenario.pass(seconds: 15)
        try scenario.ask("ext.east.k8s.corp A")
        #expect(!scenario.isQuiet)
    }

    @Test func anAliasWithoutDataOfTheTypeIsNoData() throws {
        let scenario = try scenario()
        let reply = try scenario.exchange(
            "ext.east.k8s.corp AAAA",
            answer: ["ext.cluster.local. 20 CNAME web.cluster.local."],
            authority: [soa(30, minimum: 30)]
        )
        #expect(reply.code == .noError)
        #expect(reply.answer == ["ext.east.k8s.corp. 20 CNAME web.east.k8s.corp."])
        #expect(reply.authority.count == 1)
        #expect(try scenario.ask("ext.east.k8s.corp AAAA").read().answer.count == 1)
        #expect(scenario.isQuiet)
    }

    @Test func aSmallReplyToADenialKeepsItsSOA() throws {
        let scenario = try scenario()
        let client = try scenario.ask("nope.east.k8s.corp A") { $0.payload = nil }
        try scenario.respond(to: try scenario.next(), .nxDomain, authority: [soa(30, minimum: 30)])
        #expect(try client.read().authority.count == 1)
        #expect(try !client.read().flags.isTruncated)
    }

    // MARK: DNSSEC of the default route

    @Test func proofsGoToThoseWhoAskedForThem() throws {
        let scenario = try scenario()
        let authority = [
            soa(30, minimum: 30, zone: "example.org."), "example.org. 30 NSEC zz.example.org. A",
            "example.org. 30 RRSIG SOA 13 2 30 20300101000000 20200101000000 1 example.org. AAAA",
        ]
        let signed = try scenario.ask("nope.example.org A") { $0.dnssecOK = true }
        try scenario.respond(to: try scenario.next(), .nxDomain, authority: authority)
        #expect(try signed.read().authority.count == 3)
        let plain = try scenario.ask("nope.example.org A")
        try scenario.respond(to: try scenario.next(), .nxDomain, authority: authority)
        #expect(try plain.read().authority.count == 1)
    }
}
