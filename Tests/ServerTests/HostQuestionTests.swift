import DNSWire
import PresentationFormat
import Routing
import Testing

@testable import Server

/// What is sent to find the address of a host, and what counts as an answer.
@Suite struct HostQuestionTests {
    private static let id = MessageID(rawValue: 0x1234)

    private func question(_ type: RecordType = .a) throws -> HostQuestion {
        HostQuestion(name: try name("dns.corp.example"), type: type)
    }

    private func read(_ response: HostResponse, _ type: RecordType = .a) throws -> HostAnswer? {
        let question = try question(type)
        let octets = try response.write(question, Self.id)
        return question.read(octets.wireBytes, Self.id)
    }

    @Test func theQueryAsksForRecursionAndNothingElse() throws {
        let octets = try question(.aaaa).query(Self.id)
        #expect(octets.prefix(12) == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        let wireName = try name("dns.corp.example").bytes.toArray()
        #expect(Array(octets[12..<30]) == wireName)
        #expect(Array(octets[30...]) == [0, 28, 0, 1])
    }

    @Test func addressesAndTheSmallestTTLAreTaken() throws {
        let answer = try read(
            HostResponse(answer: ["dns.corp.example. 60 A 10.0.0.6", "DNS.corp.example. 30 A 10.0.0.5"])
        )
        #expect(answer == .found(try addresses("10.0.0.6", "10.0.0.5"), ttlSeconds: 30))
    }

    @Test func addressesOfIPv6AreTaken() throws {
        let answer = try read(HostResponse(answer: ["dns.corp.example. 60 AAAA 2001:db8::5"]), .aaaa)
        #expect(answer == .found(try addresses("2001:db8::5"), ttlSeconds: 60))
    }

    @Test func aliasesAreFollowedAndTheirTTLsCount() throws {
        let answer = try read(
            HostResponse(answer: [
                "pool.corp.example. 60 A 10.0.0.6", "lb.corp.example. 5 CNAME pool.corp.example.",
                "dns.corp.example. 60 CNAME lb.corp.example.",
            ])
        )
        #expect(answer == .found(try addresses("10.0.0.6"), ttlSeconds: 5))
    }

    @Test func aLoopOfAliasesEnds() throws {
        let answer = try read(
            HostResponse(answer: [
                "dns.corp.example. 60 CNAME b.example.", "b.example. 60 CNAME dns.corp.example.",
            ])
        )
        #expect(answer == .absent("it has no address"))
    }

    @Test func addressesOfOtherNamesAreNotTaken() throws {
        let answer = try read(HostResponse(answer: ["evil.example. 60 A 192.0.2.66"]))
        #expect(answer == .absent("it has no address"))
    }

    @Test(arguments: ["0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1"])
    func addressesThatNoServerCanHaveAreNotTaken(text: String) throws {
        let answer = try read(HostResponse(answer: ["dns.corp.example. 60 A \(text)"]))
        #expect(answer == .absent("it has no address"))
    }

    @Test(arguments: ["::", "ff02::1", "fe80::1"])
    func addressesOfIPv6ThatNoServerCanHaveAreNotTaken(text: String) throws {
        let answer = try read(HostResponse(answer: ["dns.corp.example. 60 AAAA \(text)"]), .aaaa)
        #expect(answer == .absent("it has no address"))
    }

    @Test func denialsAndFailuresAreToldApart() throws {
        #expect(try read(HostResponse(code: .nxDomain)) == .absent("it does not exist"))
        #expect(try read(HostResponse(code: .servFail)) == .failed("a server answered RCODE 2"))
        #expect(try read(HostResponse(code: .refused)) == .failed("a server answered RCODE 5"))
        #expect(try read(HostResponse(isTruncated: true)) == .truncated)
    }

    @Test func whatIsNoResponseToTheQueryIsNone() throws {
        let record = ["dns.corp.example. 60 A 192.0.2.66"]
        #expect(try read(HostResponse(answer: record, isResponse: false)) == nil)
        #expect(try read(HostResponse(answer: record, id: MessageID(rawValue: 1))) == nil)
        let otherName = HostQuestion(name: try name("evil.example"), type: .a)
        #expect(try read(HostResponse(answer: record, question: otherName)) == nil)
        #expect(try read(HostResponse(answer: record, question: try question(.aaaa))) == nil)
    }

    @Test func aMessageThatIsCutAnywhereIsNoAnswer() throws {
        let question = try question()
        let whole = try HostResponse(answer: ["dns.corp.example. 60 A 10.0.0.6"]).write(question, Self.id)
        for length in 0..<whole.count {
            let part = Array(whole.prefix(length))
            let answer = question.read(part.wireBytes, Self.id)
            #expect(answer == nil || answer == .failed("a server sent a malformed response"))
        }
    }
}
