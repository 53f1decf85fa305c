import DNSWire

/// Scenarios of queries whose answers are in the cache, mapped.
enum Hits {
    /// Names in the cache.
    private static let names = 1000
    /// Seconds that the answers are old when they are asked for.
    private static let age: UInt32 = 2

    /// A records, one per name.
    static func addresses() throws(ScenarioError) -> ReplyScenario {
        let harness = try Harness()
        var exchanges: [ReplyScenario.Exchange] = []
        for serial in 0..<names {
            let id = UInt16(serial)
            let name = Messages.service(serial, in: Harness.zone)
            let query = Messages.query(id: id, name)
            let address = 0x0A60_0000 + UInt32(serial)
            try harness.exchange(query) { upstreamQuery in
                let upstreamName = Messages.service(serial, in: Harness.domain)
                return Messages.addressReply(id: Messages.id(upstreamQuery), upstreamName, address)
            }
            let reply = Messages.addressReply(id: id, name, address, ttl: Messages.ttl - age)
            exchanges.append(ReplyScenario.Exchange(query: query, reply: reply))
        }
        harness.now += UInt64(age) * 1000
        return ReplyScenario(harness, exchanges)
    }
}
