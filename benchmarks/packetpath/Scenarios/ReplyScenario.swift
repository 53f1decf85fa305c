import DNSWire
import Forwarding

/// Queries that are answered at once: cache hits and answers of our own.
final class ReplyScenario: Scenario {
    private let harness: Harness
    private var queries: MessageSlots
    private var expected: MessageSlots
    private var replies = MessageSlots(count: batchSize, octets: ForwardingLimits.udpPayload)
    private let rotation: (run: Range<Int>, recordLength: Int)?
    /// The query that the next batch begins with.
    private var first = 0

    /// - Parameter rotation: records of equal length that may begin with any of them, and where they stand.
    init(
        _ harness: Harness,
        _ exchanges: [Exchange],
        rotation: (run: Range<Int>, recordLength: Int)? = nil
    ) {
        self.harness = harness
        self.rotation = rotation
        let longestQuery = exchanges.map(\.query.count).max() ?? 0
        let longestReply = exchanges.map(\.reply.count).max() ?? 0
        queries = MessageSlots(count: exchanges.count, octets: longestQuery)
        expected = MessageSlots(count: exchanges.count, octets: longestReply)
        for (index, exchange) in exchanges.enumerated() {
            queries.store(exchange.query.wireBytes, in: index)
            expected.store(exchange.reply.wireBytes, in: index)
        }
    }

    func prepare(_ count: Int) { replies.clear() }

    func run(_ count: Int) -> UInt64 {
        Self.run(harness, queries, first, count, &replies)
    }

    private static func run(
        _ harness: Harness,
        _ queries: borrowing MessageSlots,
        _ first: Int,
        _ count: Int,
        _ replies: inout MessageSlots
    ) -> UInt64 {
        let now = harness.now
        var checksum: UInt64 = 0
        // As for the datagrams of one batch.
        var index = first
        for slot in 0..<count {
            harness.forwarder.prepare(query: queries.message(index), at: slot)
            index = index + 1 == queries.count ? 0 : index + 1
        }
        harness.forwarder.fetchAnswers(count)
        index = first
        for slot in 0..<count {
            var reply = replies.room(slot)
            let outcome = harness.forwarder.handle(
                query: queries.message(index),
                preparedAt: slot,
                from: Harness.client,
                now: now,
                reply: &reply
            )
            guard case .reply(let length) = outcome else { return 0 }
            replies.setLength(length, of: slot)
            checksum = checksum &* 31 &+ UInt64(length)
            index = index + 1 == queries.count ? 0 : index + 1
        }
        return checksum
    }

    func check(_ count: Int) throws(ScenarioError) {
        for slot in 0..<count {
            let index = (first + slot) % queries.count
            let (reply, wanted) = (replies.octets(slot), expected.octets(index))
            guard reply == wanted || isRotated(reply, wanted) else {
                throw ScenarioError("query \(index) got \(reply), not \(wanted)")
            }
        }
        first = (first + count) % queries.count
    }

    /// Whether the messages differ in the order of their records only, which has to be that of a circle.
    private func isRotated(_ reply: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard let rotation, reply.count == wanted.count, rotation.run.upperBound <= wanted.count else {
            return false
        }
        var rotated = wanted
        for _ in 0..<(rotation.run.count / rotation.recordLength) {
            let record = rotated[rotation.run.prefix(rotation.recordLength)]
            rotated.replaceSubrange(
                rotation.run,
                with: rotated[rotation.run].dropFirst(record.count) + record
            )
            if rotated == reply { return true }
        }
        return false
    }
}
