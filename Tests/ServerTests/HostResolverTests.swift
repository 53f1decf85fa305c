import DNSWire
import EventLoop
import Routing
import Testing

@testable import Server

/// Names are resolved by servers that answer, fail, lie and stay silent.
@Suite struct HostResolverTests {
    private let loop: EventLoop
    private let host: DomainName

    init() throws {
        loop = try EventLoop()
        host = try name("dns.corp.example")
    }

    /// Answers A with 10.0.0.5 and says of AAAA that there is none.
    private static func good(_ request: ScriptedHost.Request) throws -> [[UInt8]] {
        let answer = request.question.type == .a ? ["dns.corp.example. 60 A 10.0.0.5"] : []
        return [try HostResponse(answer: answer).write(request.question, request.id)]
    }

    private static let goodAddress = IPAddress(ipv4: 0x0A00_0005)

    private func resolve(by servers: [Upstream]) throws -> HostResolution {
        let resolver = try HostResolver(loop)
        resolver.servers = servers
        var result: HostResolution?
        resolver.resolve(host) { [loop] resolution in
            result = resolution
            loop.stop()
        }
        #expect(resolver.count == 1)
        try runBounded(loop)
        #expect(resolver.count == 0)
        return try #require(result)
    }

    private func expectGood(_ resolution: HostResolution) {
        #expect(resolution.ipv4 == .found([Self.goodAddress], ttlSeconds: 60))
        #expect(resolution.ipv6 == .absent("it has no address"))
    }

    @Test func bothFamiliesAreAskedFor() throws {
        let server = try ScriptedHost(loop, Self.good)
        defer { server.stop() }
        expectGood(try resolve(by: [server.upstream]))
        #expect(Set(server.requests.map(\.question.type)) == [.a, .aaaa])
        #expect(server.requests.count == 2)
    }

    @Test func aTruncatedAnswerIsAskedForOverTCP() throws {
        let server = try ScriptedHost(loop) { request in
            if request.isStream { return try Self.good(request) }
            return [try HostResponse(isTruncated: true).write(request.question, request.id)]
        }
        defer { server.stop() }
        expectGood(try resolve(by: [server.upstream]))
        #expect(server.requests.filter(\.isStream).count == 2)
    }

    @Test func aServerOverTCPIsAskedOverTCPOnly() throws {
        let server = try ScriptedHost(loop, Self.good)
        defer { server.stop() }
        var upstream = server.upstream
        upstream.transport = .tcp
        expectGood(try resolve(by: [upstream]))
        #expect(server.requests.allSatisfy { $0.isStream })
    }

    @Test(arguments: [ResponseCode.servFail, .refused, .notImp])
    func theNextServerIsAskedWhenOneFails(code: ResponseCode) throws {
        let bad = try ScriptedHost(loop) { [try HostResponse(code: code).write($0.question, $0.id)] }
        let good = try ScriptedHost(loop, Self.good)
        defer {
            bad.stop()
            good.stop()
        }
        expectGood(try resolve(by: [bad.upstream, good.upstream]))
        #expect(bad.requests.count == 2)
    }

    @Test func theNextServerIsAskedWhenOneIsSilent() throws {
        let silent = try ScriptedHost(loop) { _ in [] }
        let good = try ScriptedHost(loop, Self.good)
        defer {
            silent.stop()
            good.stop()
        }
        expectGood(try resolve(by: [silent.upstream, good.upstream]))
    }

    @Test func theNextServerIsAskedWhenNobodyListens() throws {
        let closed = try ScriptedHost(loop) { _ in [] }
        closed.stop()
        let good = try ScriptedHost(loop, Self.good)
        defer { good.stop() }
        var overTCP = closed.upstream
        overTCP.transport = .tcp
        expectGood(try resolve(by: [closed.upstream, overTCP, good.upstream]))
    }

    @Test func aDenialIsAnAnswerAndNobodyElseIsAsked() throws {
        let server = try ScriptedHost(loop) {
            [try HostResponse(code: .nxDomain).write($0.question, $0.id)]
        }
        let other = try ScriptedHost(loop, Self.good)
        defer {
            server.stop()
            other.stop()
        }
        let resolution = try resolve(by: [server.upstream, other.upstream])
        #expect(resolution.ipv4 == .absent("it does not exist"))
        #expect(other.requests.isEmpty)
    }

    @Test func forgedResponsesAreIgnoredAndTheRightOneStillCounts() throws {
        let server = try ScriptedHost(loop) { request in
            let forged = ["dns.corp.example. 60 A 192.0.2.66", "evil.example. 60 A 192.0.2.66"]
            let evil = HostQuestion(
                name: DomainName("evil.example") ?? DomainName(),
                type: request.question.type
            )
            return [
                try HostResponse(answer: forged, id: MessageID(rawValue: request.id.rawValue &+ 1))
                    .write(request.question, request.id),
                try HostResponse(answer: forged, question: evil).write(request.question, request.id),
                try HostResponse(answer: forged, isResponse: false).write(request.question, request.id),
                [0, 1, 2],
            ] + (try Self.good(request))
        }
        defer { server.stop() }
        expectGood(try resolve(by: [server.upstream]))
    }

    @Test func whenAllFailTheLastReasonIsSaidAndItEnds() throws {
        let server = try ScriptedHost(loop) {
            [try HostResponse(code: .servFail).write($0.question, $0.id)]
        }
        defer { server.stop() }
        let resolution = try resolve(by: [server.upstream])
        #expect(resolution.ipv4 == .failed("a server answered RCODE 2 (\(server.upstream))"))
        #expect(resolution.ipv6 == resolution.ipv4)
        #expect(server.requests.count == 6)
    }

    @Test func aServerThatTruncatesOverTCPAsWellIsGivenUp() throws {
        let server = try ScriptedHost(loop) {
            [try HostResponse(isTruncated: true).write($0.question, $0.id)]
        }
        defer { server.stop() }
        #expect(
            try resolve(by: [server.upstream]).ipv4 == .failed("\(server.upstream) sent half of an answer")
        )
    }

    @Test func withoutServersItFailsAtOnce() throws {
        #expect(try resolve(by: []).ipv4 == .failed("no server could be asked"))
    }

    @Test func idsAndPortsAreNotPredictable() throws {
        let server = try ScriptedHost(loop, Self.good)
        defer { server.stop() }
        for _ in 0..<50 { expectGood(try resolve(by: [server.upstream])) }
        let ids = server.requests.map(\.id.rawValue)
        #expect(Set(ids).count > 90)
        #expect(Set(zip(ids, ids.dropFirst()).map { $1 &- $0 }).count > 80)
    }

    @Test func aCancelledResolutionIsNotHeardOf() throws {
        let server = try ScriptedHost(loop) { _ in [] }
        defer { server.stop() }
        let resolver = try HostResolver(loop)
        resolver.servers = [server.upstream]
        var calls = 0
        resolver.resolve(host) { _ in calls += 1 }
        let timer = try Timer(loop) { [loop] in
            resolver.cancel()
            loop.stop()
        }
        timer.schedule(afterMilliseconds: 50)
        try runBounded(loop)
        #expect(calls == 0)
        #expect(resolver.count == 0)
    }
}
