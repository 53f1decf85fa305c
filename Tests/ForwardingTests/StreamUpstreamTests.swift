import DNSWire
import Forwarding
import Routing
import Testing

/// Servers that are asked over TCP and TLS.
@Suite struct StreamUpstreamTests {
    private static let keepalive: UInt16 = 11

    @Test func queriesOverStreamsAskHowLongTheConnectionStays() throws {
        var setup = Setup()
        setup.tcpServers = ["10.2.0.10"]
        setup.tlsServers = ["10.1.0.10": "dns.east"]
        let scenario = try Scenario(setup)
        for (name, server) in [("web.west.k8s.corp", "10.2.0.10"), ("web.east.k8s.corp", "10.1.0.10")] {
            _ = try scenario.ask("\(name) A")
            let options = try scenario.next(server).message.options.filter { $0.code == Self.keepalive }
            #expect(options.count == 1)
            #expect(options.allSatisfy { $0.data.isEmpty })
        }
    }

    @Test func queriesOverDatagramsDoNot() throws {
        let scenario = try Scenario()
        _ = try scenario.ask("web.west.k8s.corp A")
        let query = try scenario.next("10.2.0.10")
        #expect(query.message.options.allSatisfy { $0.code != Self.keepalive })
        // What does not fit is asked for again over TCP.
        try scenario.respond(to: query) { $0.isTruncated = true }
        let again = try scenario.next("10.2.0.10")
        #expect(again.transport == .tcp)
        #expect(again.message.options.contains { $0.code == Self.keepalive })
    }

    @Test(arguments: [
        (TLSFault.expired, "has an expired certificate"),
        (.notYetValid, "has a certificate that is not valid yet"),
        (.wrongName, "has a certificate that is not for dns.west"),
        (.unknownAuthority, "has a certificate of an unknown authority"),
        (.invalidCertificate, "has a certificate that is not valid"),
        (.handshake, "failed the TLS handshake"),
    ])
    func clientsAreToldWhatIsWrongWithTLS(fault: TLSFault, text: String) throws {
        var setup = Setup()
        setup.tlsServers = ["10.2.0.10": "dns.west"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.west.k8s.corp A")
        let query = try scenario.next("10.2.0.10")
        #expect(query.transport == .tls)
        scenario.breakConnection(of: query, tls: fault)
        #expect(try client.read().errors == ["23 cluster west: 10.2.0.10:53 \(text)"])
    }

    @Test func whileTheServerIsDownTheyAreStillTold() throws {
        var setup = Setup()
        setup.tlsServers = ["10.2.0.10": "dns.west"]
        let scenario = try Scenario(setup)
        for number in 0..<4 {
            let client = try scenario.ask("n\(number).west.k8s.corp A")
            if !client.isAnswered {
                scenario.breakConnection(of: try scenario.next("10.2.0.10"), tls: .expired)
            }
            scenario.pass(10)
            let error = try client.read().errors.first ?? ""
            #expect(error.contains("10.2.0.10:53 has an expired certificate"), "\(error)")
        }
    }

    @Test func serverBehindTLSIsNeverAskedInAnotherWay() throws {
        var setup = Setup()
        setup.tlsServers = ["10.2.0.10": "dns.west"]
        let scenario = try Scenario(setup)
        let client = try scenario.ask("web.west.k8s.corp A")
        for _ in 0..<8 {
            guard !client.isAnswered else { break }
            let query = try scenario.next("10.2.0.10")
            #expect(query.transport == .tls)
            try scenario.respond(to: query) { $0.isTruncated = true }
        }
        #expect(client.isAnswered)
        #expect(scenario.sent.allSatisfy { $0.transport == .tls })
    }
}
