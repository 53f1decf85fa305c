import DNSWire

/// Scenarios of queries whose answers are in the cache, mapped.
enum Hits {
    /// Names in the cache.
    private static let names = 1000
    /// Seconds that the answers are old when they are asked for.
    private static let age: UInt32 = 2

    /// One A record per name.
    static func addresses(dnssecOK: Bool = false) throws(ScenarioError) -> ReplyScenario {
        try cached(payload: dnssecOK ? 1232 : nil, dnssecOK: dnssecOK) { message, _, serial, ttl in
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
        return try cached(rotation: (run, recordLength)) { message, _, serial, ttl in
            for record in 0..<records {
                let rdata = Messages.octets(of: 0x0A60_0000 + UInt32(serial * records + record))
                message.appendRecord(.answer, MessageOctets.questionName, .a, ttl: ttl, rdata)
            }
        }
    }

    /// TXT records that make a reply of about 1,200 octets.
    static func long() throws(ScenarioError) -> ReplyScenario {
        try cached(.txt, payload: 1232) { message, _, serial, ttl in
            for record in 0..<5 {
                let text = [UInt8](repeating: UInt8(97 + (serial + record) % 26), count: 211)
                message.appendRecord(.answer, MessageOctets.questionName, .txt, ttl: ttl, [211] + text)
            }
        }
    }

    /// Denials with the SOA of the zone, mapped as well.
    static func denials(_ code: ResponseCode) throws(ScenarioError) -> ReplyScenario {
        try cached(code: code) { message, domain, _, ttl in
            let zone = MessageOctets.pointer(WireLimits.headerLength + Messages.servicePrefixLength)
            var soa = MessageOctets.labels("ns.dns") + zone + MessageOctets.labels("hostmaster") + zone
            // SERIAL, REFRESH, RETRY, EXPIRE, MINIMUM
            for number: UInt32 in [1, 7200, 1800, 86400, Messages.ttl] { soa += Messages.octets(of: number) }
            message.appendRecord(.authority, zone, .soa, ttl: ttl, soa)
        }
    }

    /// Writes the records of a response or reply.
    private typealias AppendRecords = (
        _ message: inout MessageOctets, _ domain: String, _ serial: Int, _ ttl: UInt32
    ) -> Void

    /// Puts an answer for each name into the cache, by the way that answers take.
    private static func cached(
        _ type: RecordType = .a,
        code: ResponseCode = .noError,
        payload: UInt16? = nil,
        dnssecOK: Bool = false,
        rotation: (run: Range<Int>, recordLength: Int)? = nil,
        _ append: AppendRecords
    ) throws(ScenarioError) -> ReplyScenario {
        func reply(_ id: UInt16, _ domain: String, _ serial: Int, age: UInt32) -> [UInt8] {
            var message = MessageOctets(id: id, flags: Messages.replyFlags | code.rawValue)
            message.appendQuestion(MessageOctets.name(Messages.service(serial, in: domain)), type)
            append(&message, domain, serial, Messages.ttl - age)
            if payload != nil { message.appendOPT(dnssecOK: dnssecOK) }
            return message.octets
        }
        let harness = try Harness()
        var exchanges: [ReplyScenario.Exchange] = []
        for serial in 0..<names {
            let id = UInt16(serial)
            let name = Messages.service(serial, in: Harness.zone)
            let query = Messages.query(id: id, name, type, payload: payload, dnssecOK: dnssecOK)
            try harness.exchange(query) { reply(Messages.id($0), Harness.domain, serial, age: 0) }
            let expected = reply(id, Harness.zone, serial, age: age)
            exchanges.append(ReplyScenario.Exchange(query: query, reply: expected))
        }
        harness.now += UInt64(age) * 1000
        return ReplyScenario(harness, exchanges, rotation: rotation)
    }
}
