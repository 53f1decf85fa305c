import DNSWire
import Forwarding

/// Queries for names that nobody asked before: a query in, a query to a server out.
final class MissScenario: Scenario {
    private let harness: Harness
    private let domain: String
    private let upstreamDomain: String
    private var queries = MessageSlots(count: batchSize, octets: 128)
    private var reply = WireBuffer(capacity: ForwardingLimits.udpPayload)
    /// The service that the next batch begins with.
    private var serial = 0

    /// - Parameter upstreamDomain: what the server calls the domain that clients ask in.
    init(_ harness: Harness, domain: String, upstreamDomain: String) {
        self.harness = harness
        self.domain = domain
        self.upstreamDomain = upstreamDomain
    }

    func prepare(_ count: Int) {
        harness.sink.clear()
        for slot in 0..<count {
            let query = Messages.query(id: UInt16(slot), Messages.service(serial + slot, in: domain))
            queries.store(query.wireBytes, in: slot)
        }
    }

    func run(_ count: Int) -> UInt64 { Self.run(harness, queries, count, &reply) }

    private static func run(
        _ harness: Harness,
        _ queries: borrowing MessageSlots,
        _ count: Int,
        _ buffer: inout WireBuffer
    ) -> UInt64 {
        let now = harness.now
        var checksum: UInt64 = 0
        // As for the datagrams of one batch.
        for slot in 0..<count { harness.forwarder.prepare(query: queries.message(slot), at: slot) }
        harness.forwarder.fetchAnswers(count)
        for slot in 0..<count {
            var reply = buffer.mutableBytes
            let outcome = harness.forwarder.handle(
                query: queries.message(slot),
                preparedAt: slot,
                from: Harness.client,
                now: now,
                reply: &reply
            )
            if outcome == .pending { checksum &+= 1 }
        }
        return checksum
    }

    func check(_ count: Int) throws(ScenarioError) {
        let sink = harness.sink
        guard sink.queryCount == count else {
            throw ScenarioError("\(sink.queryCount) queries were sent for \(count)")
        }
        for slot in 0..<count {
            let query = sink.query(slot)
            let name = Messages.service(serial + slot, in: upstreamDomain)
            let expected = Messages.upstreamQuery(like: query, name)
            guard query == expected else { throw ScenarioError("sent \(query), not \(expected)") }
            let response = Messages.addressReply(id: Messages.id(query), name, 0x0A60_0001)
            harness.respondTo(Messages.repeatingName(of: query, response))
        }
        guard sink.replyCount == count, !harness.forwarder.hasPending else {
            throw ScenarioError("\(sink.replyCount) replies came for \(count)")
        }
        serial += count
    }
}
