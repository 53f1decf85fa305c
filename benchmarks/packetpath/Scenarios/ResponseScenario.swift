import DNSWire
import Forwarding
import Routing

/// Responses of a server: checked, mapped back, stored, and a reply out.
final class ResponseScenario: Scenario {
    private let harness: Harness
    private var responses = MessageSlots(count: batchSize, octets: 256)
    /// The service that the next batch begins with.
    private var serial = 0

    init(_ harness: Harness) { self.harness = harness }

    func prepare(_ count: Int) throws(ScenarioError) {
        let sink = harness.sink
        sink.clear()
        for slot in 0..<count {
            let asked = Messages.service(serial + slot, in: Harness.zone)
            guard harness.ask(Messages.query(id: UInt16(slot), asked)) == .pending else {
                throw ScenarioError("\(asked) was not forwarded")
            }
            let name = Messages.service(serial + slot, in: Harness.domain)
            let response = Messages.addressReply(
                id: Messages.id(sink.query(slot)),
                name,
                Self.address(serial + slot),
                hasOPT: true
            )
            responses.store(Messages.repeatingName(of: sink.query(slot), response).wireBytes, in: slot)
        }
    }

    func run(_ count: Int) -> UInt64 { Self.run(harness, responses, count) }

    private static func run(
        _ harness: Harness,
        _ responses: borrowing MessageSlots,
        _ count: Int
    ) -> UInt64 {
        let upstream = harness.sink.upstream
        let now = harness.now
        for slot in 0..<count {
            harness.forwarder.handle(
                response: responses.message(slot),
                from: upstream,
                over: .udp,
                via: Sink.token,
                now: now
            )
        }
        return UInt64(harness.sink.replyCount)
    }

    func check(_ count: Int) throws(ScenarioError) {
        let sink = harness.sink
        guard sink.replyCount == count else {
            throw ScenarioError("\(sink.replyCount) replies came for \(count)")
        }
        for slot in 0..<count {
            let asked = Messages.service(serial + slot, in: Harness.zone)
            let expected = Messages.addressReply(id: UInt16(slot), asked, Self.address(serial + slot))
            guard sink.reply(slot) == expected else {
                throw ScenarioError("replied \(sink.reply(slot)), not \(expected)")
            }
            // It must be in the cache, too.
            guard case .reply = harness.ask(Messages.query(id: 0, asked)) else {
                throw ScenarioError("\(asked) was not stored")
            }
        }
        serial += count
    }

    private static func address(_ serial: Int) -> UInt32 { 0x0A60_0000 + UInt32(serial) }
}
