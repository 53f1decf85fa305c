import Testing

@testable import Scenarios

/// A scenario whose outputs are not what it expects fails.
@Suite struct WrongOutputTests {
    private static let name = Messages.service(1, in: Harness.zone)

    /// A forwarder with one name in its cache, and the exchange that it has to do.
    private func cached() throws -> (Harness, Exchange) {
        let harness = try Harness()
        let query = Messages.query(id: 7, Self.name)
        try harness.exchange(query) {
            Messages.addressReply(id: Messages.id($0), Messages.service(1, in: Harness.domain), 0x0A60_0001)
        }
        return (harness, Exchange(query: query, reply: Messages.addressReply(id: 7, Self.name, 0x0A60_0001)))
    }

    @Test func theRightReplyPasses() throws {
        let (harness, exchange) = try cached()
        try ScenarioRunner.run(ReplyScenario(harness, [exchange]), 3)
    }

    @Test(arguments: [0, 1, 3, 12, 20, 50])
    func aWrongOctetIsFound(position: Int) throws {
        var (harness, exchange) = try cached()
        exchange.reply[position] ^= 1
        let scenario = ReplyScenario(harness, [exchange])
        #expect(throws: ScenarioError.self) { try ScenarioRunner.run(scenario, 3) }
    }

    @Test func aMissingOctetIsFound() throws {
        var (harness, exchange) = try cached()
        exchange.reply.append(0)
        let scenario = ReplyScenario(harness, [exchange])
        #expect(throws: ScenarioError.self) { try ScenarioRunner.run(scenario, 1) }
    }

    @Test func aHitThatIsNoneIsFound() throws {
        var (harness, exchange) = try cached()
        exchange.query = Messages.query(id: 7, Messages.service(2, in: Harness.zone))
        let scenario = ReplyScenario(harness, [exchange])
        #expect(throws: ScenarioError.self) { try ScenarioRunner.run(scenario, 1) }
    }

    @Test func aWrongReplyOverTCPIsFound() throws {
        var (harness, exchange) = try cached()
        exchange.reply[50] ^= 1
        let scenario = try StreamScenario(harness, [exchange])
        #expect(throws: ScenarioError.self) { try ScenarioRunner.run(scenario, 1) }
    }

    @Test func aNameThatGoesUpstreamWronglyIsFound() throws {
        let scenario = MissScenario(try Harness(), domain: Harness.zone, upstreamDomain: Harness.zone)
        #expect(throws: ScenarioError.self) { try ScenarioRunner.run(scenario, 1) }
    }
}
