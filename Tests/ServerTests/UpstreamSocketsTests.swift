import DNSWire
import EventLoop
import Forwarding
import Routing
import Testing
import Transport

@testable import Server

/// The sockets of a worker towards servers whose numbers change hands.
@Suite struct UpstreamSocketsTests {
    /// Notes which server each response came from.
    private final class Events: UpstreamEvents {
        var received: [UpstreamID] = []
        var whenReceived: () -> Void = {}

        func received(
            _ message: RawSpan,
            isCut: Bool,
            from upstream: UpstreamID,
            over transport: UpstreamTransport,
            via token: SocketToken,
            at receivedAt: UInt64
        ) {
            received.append(upstream)
            whenReceived()
        }

        func failed(_ upstream: UpstreamID, via token: SocketToken, _ end: ConnectionEnd, tls: TLSFault?) {}
        func batchEnded() {}
    }

    @Test func aNumberThatChangedHandsLeadsToItsNewServer() throws {
        let loop = try EventLoop()
        let question = HostQuestion(name: try name("www.example"), type: .a)
        let answer = { (request: ScriptedHost.Request) in
            [try HostResponse(code: .nxDomain).write(request.question, request.id)]
        }
        let (old, new) = (try ScriptedHost(loop, answer), try ScriptedHost(loop, answer))
        defer {
            old.stop()
            new.stop()
        }
        let events = Events()
        events.whenReceived = { loop.stop() }
        let batch = try DatagramBatch(loop)
        let sockets = try UpstreamSockets(loop, batch: batch, events: events, random: RandomPool())
        let id = UpstreamID(rawValue: 0)
        let query = question.query(MessageID(rawValue: 7))
        for host in [old, new] {
            let token = sockets.send(query.wireBytes, to: id, at: SocketAddress(host.upstream), now: 0)
            #expect(token != nil)
            try runBounded(loop)
            sockets.close(id)
            #expect(sockets.count == 0)
        }
        #expect(old.requests.count == 1)
        #expect(new.requests.count == 1)
        #expect(events.received == [id, id])
        sockets.closeAll()
    }

    @Test func closingTheSocketsOfOneServerLeavesThoseOfOthers() throws {
        let loop = try EventLoop()
        let host = try ScriptedHost(loop) { _ in [] }
        defer { host.stop() }
        let events = Events()
        let batch = try DatagramBatch(loop)
        let sockets = try UpstreamSockets(loop, batch: batch, events: events, random: RandomPool())
        for number in 0..<3 {
            let id = UpstreamID(rawValue: Int32(number))
            _ = sockets.send([1, 2].wireBytes, to: id, at: SocketAddress(host.upstream), now: 0)
        }
        #expect(sockets.count == 3)
        sockets.close(UpstreamID(rawValue: 1))
        sockets.close(UpstreamID(rawValue: 99))
        #expect(sockets.count == 2)
        sockets.closeAll()
    }
}
