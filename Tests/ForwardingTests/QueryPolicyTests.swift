import DNSWire
import Metrics
import Testing

/// What is answered, refused or dropped before any server is asked (RFC 8906, RFC 9619, RFC 8482).
@Suite struct QueryPolicyTests {
    private let name = "web.shop.svc.east.k8s.corp"

    // MARK: Clients

    @Test(arguments: ["127.0.0.1", "127.9.9.9", "fd12::1", "::ffff:127.0.0.1"])
    func anAllowedClientIsAnswered(address: String) throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A", from: address)
        #expect(!scenario.isQuiet)
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "126.255.255.255"])
    func anotherClientIsRefused(address: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("\(name) A", from: address).read()
        #expect(reply.code == .refused)
        #expect(reply.errors == ["18 this client's address is not in access.allow"])
        #expect(scenario.isQuiet)
    }

    @Test func anotherClientIsRefusedWhatIsInTheCache() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) A", answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        let reply = try scenario.ask("\(name) A", from: "192.0.2.1").read()
        #expect(reply.code == .refused)
        #expect(reply.answer.isEmpty)
        for question in ["localhost A", "nope.k8s.corp A"] {
            #expect(try scenario.ask(question, from: "192.0.2.1").read().code == .refused)
        }
    }

    // MARK: Types

    @Test(arguments: ["AXFR", "IXFR"]) func transfersAreRefused(type: String) throws {
        for question in [name, "example.org", "k8s.corp"] {
            let scenario = try Scenario()
            let reply = try scenario.ask("\(question) \(type)", isStream: true).read()
            #expect(reply.code == .refused)
            #expect(reply.errors == ["21 zone transfers are not served here"])
            #expect(scenario.isQuiet)
        }
    }

    @Test(arguments: ["TYPE249", "TSIG", "TYPE253", "TYPE254", "TYPE128", "TYPE0"])
    func metaTypesAreNotImplemented(type: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("\(name) \(type)").read()
        #expect(reply.code == .notImp)
        #expect(reply.errors == ["21 this query type cannot be forwarded"])
        #expect(scenario.isQuiet)
    }

    @Test func aQuestionForOPTIsAFormatError() throws {
        let scenario = try Scenario()
        #expect(try scenario.ask("\(name) OPT").read().code == .formErr)
        #expect(scenario.isQuiet)
    }

    @Test(arguments: ["TYPE256", "TYPE257", "TYPE1000", "TYPE65280", "TYPE65535"])
    func unknownTypesAreForwarded(type: String) throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) \(type)")
        let query = try scenario.next()
        #expect(query.message.qtype == (try typeNumber(type)))
    }

    // MARK: ANY

    @Test func anyIsAnsweredWithOneRRset() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("\(name) ANY")
        let query = try scenario.next()
        #expect(query.question == "web.shop.svc.cluster.local A")
        try scenario.respond(
            to: query,
            answer: [
                "web.shop.svc.cluster.local. 30 A 10.96.0.7", "web.shop.svc.cluster.local. 30 A 10.96.0.8",
            ]
        )
        let reply = try client.read()
        #expect(reply.question == "\(name) ANY")
        #expect(reply.answer == ["\(name). 30 A 10.96.0.7", "\(name). 30 A 10.96.0.8"])
        #expect(try scenario.ask("\(name) ANY").read().question == "\(name) ANY")
        #expect(scenario.isQuiet)
    }

    @Test func anyAtANameWithoutAddressesIsAHINFO() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("_http._tcp.\(name) ANY")
        try scenario.respond(
            to: try scenario.next(),
            authority: ["cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"]
        )
        #expect(try client.read().answer == ["_http._tcp.\(name). 5 HINFO \"RFC8482\" \"\""])
    }

    @Test func anyAtANameThatIsNotThereIsNXDOMAIN() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "nope.east.k8s.corp ANY",
            .nxDomain,
            authority: ["cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5"]
        )
        #expect(reply.code == .nxDomain)
        #expect(reply.authority.count == 1)
    }

    @Test func anyAtAnAliasIsTheAlias() throws {
        let scenario = try Scenario()
        let reply = try scenario.exchange(
            "ext.east.k8s.corp ANY",
            answer: ["ext.cluster.local. 30 CNAME web.cluster.local.", "web.cluster.local. 30 A 10.96.0.1"]
        )
        #expect(reply.answer == ["ext.east.k8s.corp. 30 CNAME web.east.k8s.corp."])
    }

    @Test func anyDoesNotExpandTheCache() throws {
        let scenario = try Scenario()
        try scenario.exchange("\(name) TXT", answer: ["web.shop.svc.cluster.local. 30 TXT \"x\""])
        try scenario.ask("\(name) ANY")
        #expect(!scenario.isQuiet)
    }

    // MARK: Recursion

    @Test func withoutRDTheCacheAnswersAndNobodyIsAsked() throws {
        let scenario = try Scenario()
        let refused = try scenario.ask("\(name) A") { $0.recursionDesired = false }.read()
        #expect(refused.code == .refused)
        #expect(refused.errors == ["20 not in the cache, and recursion was not desired"])
        #expect(!refused.flags.recursionDesired)
        #expect(scenario.isQuiet)
        try scenario.exchange("\(name) A", answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        let cached = try scenario.ask("\(name) A") { $0.recursionDesired = false }.read()
        #expect(cached.answer == ["\(name). 30 A 10.96.0.7"])
        #expect(!cached.flags.recursionDesired)
        #expect(cached.flags.recursionAvailable)
    }

    @Test func withoutRDLocalNamesAreAnswered() throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("localhost A") { $0.recursionDesired = false }.read()
        #expect(reply.answer == ["localhost. 3600 A 127.0.0.1"])
    }

    @Test func withoutRDAQuestionInFlightIsNotJoined() throws {
        let scenario = try Scenario()
        try scenario.ask("\(name) A")
        let reply = try scenario.ask("\(name) A") { $0.recursionDesired = false }.read()
        #expect(reply.code == .refused)
    }

    // MARK: Classes

    @Test(arguments: [0, 2, 4, 254, 255, 65_535])
    func otherClassesAreRefused(number: UInt16) throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("\(name) A") { $0.qclass = RecordClass(rawValue: number) }.read()
        #expect(reply.code == .refused)
        #expect(reply.qclass.rawValue == number)
        #expect(reply.errors == ["21 only classes IN and CH are served"])
        #expect(scenario.isQuiet)
    }

    @Test(arguments: [
        ("version.bind", "switchyard 0.1"), ("VERSION.Server", "switchyard 0.1"),
        ("hostname.bind", "resolver-1"), ("id.server", "resolver-1"), ("cachesize.bind", "1048576"),
    ]) func classCHTellsAboutTheServer(question: String, text: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("\(question) TXT") { $0.qclass = .chaos }.read()
        #expect(reply.code == .noError)
        #expect(reply.qclass == .chaos)
        #expect(reply.question == "\(question) TXT")
        #expect(reply.answer == ["\(question). 0\tCH\tTXT\t\"\(text)\"".replacing("\t", with: " ")])
        #expect(reply.flags.isAuthoritative)
    }

    @Test func classCHTellsNothingElse() throws {
        let scenario = try Scenario()
        let unknown = try scenario.ask("passwords.bind TXT") { $0.qclass = .chaos }.read()
        #expect(unknown.code == .refused)
        let name = try scenario.ask("web.shop.svc.east.k8s.corp A") { $0.qclass = .chaos }.read()
        #expect(name.code == .refused)
        let otherType = try scenario.ask("version.bind A") { $0.qclass = .chaos }.read()
        #expect(otherType.answer.isEmpty)
        #expect(scenario.isQuiet)
    }

    @Test func classCHIsForDiagnosticsClientsOnly() throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("version.bind TXT", from: "127.0.0.2") { $0.qclass = .chaos }.read()
        #expect(reply.code == .refused)
        #expect(reply.errors == ["18 this client's address is not in access.diagnostics"])
    }

    // MARK: Local names

    @Test func anUnknownClusterIsDeniedWithASOAOfTheParent() throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("web.shop.svc.ESAT.k8s.corp A").read()
        #expect(reply.code == .nxDomain)
        #expect(reply.flags.isAuthoritative)
        #expect(reply.question == "web.shop.svc.ESAT.k8s.corp A")
        #expect(reply.authority == ["k8s.corp. 5 SOA k8s.corp. nobody.invalid. 1 3600 1200 604800 5"])
        #expect(reply.errors == ["0 unknown cluster 'ESAT'; known: east, west"])
        #expect(scenario.isQuiet)
    }

    @Test func anUnknownClusterOfTwoLabelsIsCalledByBoth() throws {
        var setup = Setup()
        setup.clusters.append(Setup.Cluster("eu", ["10.3.0.10"], zone: "east.eu.k8s.corp"))
        let scenario = try Scenario(setup)
        let reply = try scenario.ask("web.shop.svc.west.eu.k8s.corp A").read()
        #expect(reply.errors == ["0 unknown cluster 'west.eu'; known: east, west, eu"])
        let middle = try scenario.ask("eu.k8s.corp A").read()
        #expect(middle.code == .noError)
        #expect(middle.errors.isEmpty)
        #expect(scenario.isQuiet)
    }

    @Test(arguments: [
        "web.shop.svc.cluster.local", "x.local", "x.test", "x.invalid", "1.0.0.10.in-addr.arpa",
    ])
    func specialUseNamesAreDeniedHere(question: String) throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("\(question) A").read()
        #expect(reply.code == .nxDomain)
        #expect(reply.flags.isAuthoritative)
        #expect(reply.authority.count == 1)
        #expect(reply.errors.isEmpty)
        #expect(scenario.isQuiet)
    }

    @Test func localhostHasBothAddresses() throws {
        let scenario = try Scenario()
        #expect(try scenario.ask("LocalHost A").read().answer == ["LocalHost. 3600 A 127.0.0.1"])
        #expect(try scenario.ask("x.localhost AAAA").read().answer == ["x.localhost. 3600 AAAA ::1"])
        let other = try scenario.ask("localhost MX").read()
        #expect(other.code == .noError)
        #expect(other.answer.isEmpty)
        #expect(other.authority.count == 1)
        let pointer = try scenario.ask("1.0.0.127.in-addr.arpa PTR").read()
        #expect(pointer.answer == ["1.0.0.127.in-addr.arpa. 3600 PTR localhost."])
        #expect(scenario.isQuiet)
    }

    @Test func thePatternsParentHasSOAAndNS() throws {
        let scenario = try Scenario()
        #expect(try scenario.ask("k8s.corp SOA").read().answer.count == 1)
        #expect(try scenario.ask("k8s.corp NS").read().answer == ["k8s.corp. 3600 NS k8s.corp."])
        let addresses = try scenario.ask("k8s.corp A").read()
        #expect(addresses.code == .noError)
        #expect(addresses.authority.count == 1)
    }

    @Test func dsOfAClustersZoneIsDeniedByItsParent() throws {
        let scenario = try Scenario()
        let reply = try scenario.ask("east.k8s.corp DS").read()
        #expect(reply.code == .noError)
        #expect(reply.answer.isEmpty)
        #expect(reply.authority.first?.hasPrefix("k8s.corp. ") == true)
        #expect(scenario.isQuiet)
    }

    // MARK: Messages that are no queries

    @Test func responsesAndRuntsAreDropped() throws {
        let scenario = try Scenario()
        var response = try ClientQuestion("\(name) A").write()
        response[2] |= 0x80
        #expect(try scenario.ask(octets: response).isDropped)
        for length in 0..<12 {
            #expect(try scenario.ask(octets: Array(repeating: 0, count: length)).isDropped)
        }
        #expect(scenario.isQuiet)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 15])
    func otherOpcodesAreNotImplemented(opcode: UInt8) throws {
        let scenario = try Scenario()
        var query = try ClientQuestion("\(name) A").write()
        query[2] = query[2] & 0x87 | opcode << 3
        let reply = try scenario.ask(octets: query).read()
        #expect(reply.code == .notImp)
        #expect(reply.flags.opcode == opcode)
        #expect(scenario.isQuiet)
    }

    @Test(arguments: [UInt8(0), 2, 255]) func exactlyOneQuestionIsAsked(count: UInt8) throws {
        let scenario = try Scenario()
        var query = try ClientQuestion("\(name) A").write()
        query[5] = count
        let reply = try scenario.ask(octets: query).read()
        #expect(reply.code == .formErr)
        #expect(reply.header.id.rawValue == 4711)
        #expect(scenario.isQuiet)
    }

    @Test func aQueryCutAnywhereIsAFormatErrorOrDropped() throws {
        let query = try ClientQuestion("\(name) A").write()
        for length in 0..<query.count {
            let scenario = try Scenario()
            let client = try scenario.ask(octets: Array(query.prefix(length)))
            if length < 12 {
                #expect(client.isDropped)
            } else {
                #expect(try client.read().code == .formErr)
            }
            #expect(scenario.isQuiet)
        }
    }
}
