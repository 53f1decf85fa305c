import DNSWire
import Testing

/// The life of one query from end to end.
@Suite struct FirstScenarioTests {
    @Test func aNameOfAClusterIsAskedThereAndMappedBack() throws {
        let scenario = try Scenario()
        let client = try scenario.ask("web.shop.svc.east.k8s.corp A")
        let query = try scenario.next("10.1.0.10")
        #expect(query.question == "web.shop.svc.cluster.local A")
        #expect(!client.isAnswered)
        try scenario.respond(to: query, answer: ["web.shop.svc.cluster.local. 30 A 10.96.0.7"])
        let reply = try client.read()
        #expect(reply.code == .noError)
        #expect(reply.answer == ["web.shop.svc.east.k8s.corp. 30 A 10.96.0.7"])
        #expect(reply.question == "web.shop.svc.east.k8s.corp A")
        #expect(!scenario.hasPending)
        #expect(scenario.isQuiet)
    }
}
