import DNSWire
import Forwarding

/// Scenarios of queries that are answered without a server and without the cache.
enum LocalAnswers {
    /// Names below the pattern's domain that belong to no cluster: NXDOMAIN with an SOA of our own.
    static func unknownClusters() throws(ScenarioError) -> ReplyScenario {
        let names = 100
        let exchanges = (0..<names).map { serial in
            let name = Messages.service(serial, in: "nowhere.k8s.corp")
            var reply = MessageOctets(id: UInt16(serial), flags: 0x8583)
            reply.appendQuestion(MessageOctets.name(name), .a)
            let apex = MessageOctets.pointer(
                WireLimits.headerLength + Messages.servicePrefixLength + MessageOctets.labels("nowhere").count
            )
            var soa = apex + MessageOctets.name("nobody.invalid")
            for number in [1, 3600, 1200, 604_800, Harness.negativeTTL] { soa += Messages.octets(of: number) }
            reply.appendRecord(.authority, apex, .soa, ttl: Harness.negativeTTL, soa)
            return Exchange(
                query: Messages.query(id: UInt16(serial), name),
                reply: reply.octets
            )
        }
        return ReplyScenario(try Harness(), exchanges)
    }
}
