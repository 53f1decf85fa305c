import DNSWire
import Testing

/// Names that outgrow 255 octets when they are mapped (RFC 1035 §2.3.4, RFC 6672 §2.2).
@Suite struct NameLengthTests {
    private func setup() -> Setup {
        var setup = Setup()
        setup.clusters = [
            Setup.Cluster("up", ["10.1.0.10"], zone: "up.corp", domain: "a-very-long-domain.cluster.local"),
            Setup.Cluster("down", ["10.2.0.10"], zone: "a-very-long-name.down.k8s.corp", domain: "c.local"),
        ]
        setup.patternParent = nil
        return setup
    }

    /// Labels in front of `zone` up to `length` octets of wire form.
    private func name(below zone: String, length: Int) throws -> String {
        var rest = length - (zone.utf8.count + 2)
        var labels: [String] = []
        while rest > 0 {
            // One octet cannot be filled: a label takes at least two.
            var size = min(63, rest - 1)
            if rest - size - 1 == 1 { size -= 1 }
            labels.append(String(repeating: "a", count: size))
            rest -= size + 1
        }
        return (labels + [zone]).joined(separator: ".")
    }

    @Test func aQuestionThatOutgrowsTheLimitIsYXDOMAIN() throws {
        let scenario = try Scenario(setup())
        let client = try scenario.ask("\(try name(below: "up.corp", length: 250)) A")
        let reply = try client.read()
        #expect(reply.code == .yxDomain)
        #expect(reply.errors == ["0 cluster up: a name is over 255 octets when mapped"])
        #expect(reply.question == "\(try name(below: "up.corp", length: 250)) A")
        #expect(scenario.isQuiet)
        #expect(!scenario.hasPending)
    }

    @Test func aQuestionThatJustFitsIsAsked() throws {
        let scenario = try Scenario(setup())
        let growth = "a-very-long-domain.cluster.local".utf8.count - "up.corp".utf8.count
        try scenario.ask("\(try name(below: "up.corp", length: 255 - growth)) A")
        #expect(try scenario.next("10.1.0.10").message.qname.length == 255)
    }

    @Test func anAnswerThatOutgrowsTheLimitIsSERVFAIL() throws {
        let scenario = try Scenario(setup())
        let long = try name(below: "c.local", length: 250)
        let reply = try scenario.exchange(
            "web.a-very-long-name.down.k8s.corp PTR",
            answer: ["web.c.local. 30 PTR \(long)."]
        )
        #expect(reply.code == .servFail)
        #expect(reply.answer.isEmpty)
        #expect(reply.errors == ["0 cluster down: a name is over 255 octets when mapped"])
    }

    @Test func anAliasThatOutgrowsTheLimitIsSERVFAIL() throws {
        let scenario = try Scenario(setup())
        let long = try name(below: "c.local", length: 250)
        let reply = try scenario.exchange(
            "web.a-very-long-name.down.k8s.corp A",
            answer: ["web.c.local. 30 CNAME \(long).", "\(long). 30 A 10.0.0.1"]
        )
        #expect(reply.code == .servFail)
        #expect(reply.errors == ["0 cluster down: a name is over 255 octets when mapped"])
    }

    @Test func aLongNameElsewhereIsNoneOfTheMappingsBusiness() throws {
        let scenario = try Scenario(setup())
        let long = try name(below: "example.org", length: 255)
        let reply = try scenario.exchange(
            "web.a-very-long-name.down.k8s.corp PTR",
            answer: ["web.c.local. 30 PTR \(long)."]
        )
        #expect(reply.answer == ["web.a-very-long-name.down.k8s.corp. 30 PTR \(long)."])
    }

    @Test func aQuestionOf255OctetsIsAnswered() throws {
        let scenario = try Scenario(setup())
        let long = try name(below: "example.org", length: 255)
        let reply = try scenario.exchange("\(long) A", answer: ["\(long). 30 A 192.0.2.1"])
        #expect(reply.answer == ["\(long). 30 A 192.0.2.1"])
        #expect(try scenario.ask("\(long) A").read().answer == reply.answer)
    }
}
