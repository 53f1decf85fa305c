import DNSWire

/// Reading queries: header, question and EDNS.
final class ParseScenario: Scenario {
    private var queries = MessageSlots(count: batchSize, octets: 128)
    private var parsed: [Query] = []

    init() { parsed.reserveCapacity(batchSize) }

    func prepare(_ count: Int) {
        parsed.removeAll(keepingCapacity: true)
        for slot in 0..<count { queries.store(Self.query(slot).wireBytes, in: slot) }
    }

    /// Every other one with OPT.
    private static func query(_ serial: Int) -> [UInt8] {
        let name = Messages.service(serial, in: Harness.zone)
        return Messages.query(id: UInt16(serial), name, payload: serial % 2 == 0 ? nil : 1232)
    }

    func run(_ count: Int) -> UInt64 { Self.run(queries, count, &parsed) }

    private static func run(
        _ queries: borrowing MessageSlots,
        _ count: Int,
        _ parsed: inout [Query]
    ) -> UInt64 {
        var checksum: UInt64 = 0
        for slot in 0..<count {
            guard case .query(let query) = Query.parse(queries.message(slot)) else { return 0 }
            parsed.append(query)
            checksum = checksum &* 31 &+ UInt64(query.questionEnd)
        }
        return checksum
    }

    func check(_ count: Int) throws(ScenarioError) {
        guard parsed.count == count else { throw ScenarioError("query \(parsed.count) was not read") }
        let questionEnd = Messages.query(id: 0, Messages.service(0, in: Harness.zone)).count
        for (slot, query) in parsed.enumerated() {
            let hasOPT = slot % 2 == 1
            guard query.id.rawValue == slot, query.qtype == .a, query.questionEnd == questionEnd,
                query.flags.rawValue == Messages.queryFlags, query.edns.isPresent == hasOPT,
                query.edns.udpPayloadSize == (hasOPT ? 1232 : 0)
            else { throw ScenarioError("read \(query) of query \(slot)") }
        }
    }
}
