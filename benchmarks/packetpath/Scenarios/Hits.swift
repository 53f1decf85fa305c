import DNSWire

/// Scenarios of queries whose answers are in the cache, mapped.
enum Hits {
    /// Names in the cache.
    private static let names = 1000
    /// Seconds that the answers are old when they are asked for.
    private static let age: UInt32 = 2

    /// One A record per name.
    static func addresses(dnssecOK: Bool = false) throws(ScenarioError) -> ReplyScenario {
        let harness = try Harness()
        return ReplyScenario(harness, try cachedAddresses(harness, dnssecOK: dnssecOK))
    }

    /// The same over TCP.
    static func addressesOverTCP() throws(ScenarioError) -> StreamScenario {
        let harness = try Harness()
        return try StreamScenario(harness, try cachedAddresses(harness, dnssecOK: false))
    }

    private static func cachedAddresses(
        _ harness: Harness,
        dnssecOK: Bool
    ) throws(ScenarioError) -> [Exchange] {
        let payload: UInt16? = dnssecOK ? 1232 : nil
        return try cached(harness, payload: payload, dnssecOK: dnssecOK) { message, serial, ttl in
            let rdata = Messages.octets(of: 0x0A60_0000 + UInt32(serial))
            message.appendRecord(.answer, MessageOctets.questionName, .a, ttl: ttl, rdata)
        }
    }

    /// Four A records per name, which change places from reply to reply.
    static func rotatedAddresses() throws(ScenarioError) -> ReplyScenario {
        let recordLength = 16
        let records = 4
        let queryLength = Messages.query(id: 0, Messages.service(0, in: Harness.zone)).count
        let run = queryLength..<(queryLength + records * recordLength)
        let harness = try Harness()
        let exchanges = try cached(harness) { message, serial, ttl in
            for record in 0..<records {
                let rdata = Messages.octets(of: 0x0A60_0000 + UInt32(serial * records + record))
                message.appendRecord(.answer, MessageOctets.questionName, .a, ttl: ttl, rdata)
            }
        }
        return ReplyScenario(harness, exchanges, rotation: (run, recordLength))
    }

    /// TXT records that make a reply of about 1,200 octets.
    static func long() throws(ScenarioError) -> ReplyScenario {
        let harness = try Harness()
        let exchanges = try cached(harness, .txt, payload: 1232) { message, serial, ttl in
            for record in 0..<5 {
                let text = [UInt8](repeating: UInt8(97 + (serial + record) % 26), count: 211)
                message.appendRecord(.answer, MessageOctets.questionName, .txt, ttl: ttl, [211] + text)
            }
        }
        return ReplyScenario(harness, exchanges)
    }

    /// Denials with the SOA of the zone, mapped as well.
    static func denials(_ code: ResponseCode) throws(ScenarioError) -> ReplyScenario {
        let harness = try Harness()
        let exchanges = try cached(harness, code: code) { message, _, ttl in
            let zone = MessageOctets.pointer(WireLimits.headerLength + Messages.servicePrefixLength)
            var soa = MessageOctets.labels("ns.dns") + zone + MessageOctets.labels("hostmaster") + zone
            // SERIAL, REFRESH, RETRY, EXPIRE, MINIMUM
            for number: UInt32 in [1, 7200, 1800, 86400, Messages.ttl] { soa += Messages.octets(of: number) }
            message.appendRecord(.authority, zone, .soa, ttl: ttl, soa)
        }
        return ReplyScenario(harness, exchanges)
    }

    /// Writes the records of a response or reply.
    private typealias AppendRecords = (_ message: inout MessageOctets, _ serial: Int, _ ttl: UInt32) -> Void

    /// Puts an answer for each name into the cache, by the way that answers take, and lets it grow old.
    private static func cached(
        _ harness: Harness,
        _ type: RecordType = .a,
        code: ResponseCode = .noError,
        payload: UInt16? = nil,
        dnssecOK: Bool = false,
        _ append: AppendRecords
    ) throws(ScenarioError) -> [Exchange] {
        func reply(_ id: UInt16, _ domain: String, _ serial: Int, age: UInt32) -> [UInt8] {
            var message = MessageOctets(id: id, flags: Messages.replyFlags | code.rawValue)
            message.appendQuestion(MessageOctets.name(Messages.service(serial, in: domain)), type)
            append(&message, serial, Messages.ttl - age)
            if payload != nil { message.appendOPT(dnssecOK: dnssecOK) }
            return message.octets
        }
        var exchanges: [Exchange] = []
        for serial in 0..<names {
            let id = UInt16(serial)
            let name = Messages.service(serial, in: Harness.zone)
            let query = Messages.query(id: id, name, type, payload: payload, dnssecOK: dnssecOK)
            try harness.exchange(query) { reply(Messages.id($0), Harness.domain, serial, age: 0) }
            let expected = reply(id, Harness.zone, serial, age: age)
            exchanges.append(Exchange(query: query, reply: expected))
        }
        harness.now += UInt64(age) * 1000
        return exchanges
    }
}
