import EventLoop
import Glibc
import Testing

@testable import Transport

@Suite struct StreamClientTests {
    /// Our own client and our own server, on one loop.
    @Test(arguments: [SocketAddress.loopback, .loopbackIPv6])
    func exchangesWithAnUpstream(_ address: SocketAddress) throws {
        let server = try EchoServer(address)
        let recorder = StreamRecorder()
        let client = try StreamConnection(
            to: server.listener.localAddress,
            resources: server.resources,
            handler: recorder
        )
        // Before the connection is established.
        client.send([1])
        client.send([2, 2])
        recorder.whenOpened = { $0.send([3]) }
        #expect(client.pendingQueries == 2)
        try server.run { recorder.messages.count == 3 }
        #expect(recorder.messages == [[1], [2, 2], [3]])
        #expect(recorder.opened == [client.id])
        #expect(client.pendingQueries == 0)
        client.close()
        #expect(recorder.closed == [.closedHere])
        try server.run { server.resources.connectionCount == 0 }
        #expect(server.recorder.closed == [.finished])
    }

    @Test func largeMessagesPassBothWays() throws {
        let server = try EchoServer()
        let recorder = StreamRecorder()
        let client = try StreamConnection(
            to: server.listener.localAddress,
            resources: server.resources,
            handler: recorder
        )
        let message = (0..<65_535).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for _ in 0..<5 { client.send(message) }
        try server.run { recorder.messages.count == 5 }
        #expect(recorder.messages.allSatisfy { $0 == message })
        client.close()
    }

    @Test func refusedConnectionIsReported() throws {
        let server = try EchoServer()
        let recorder = StreamRecorder()
        let address = server.listener.localAddress
        server.listener.stop()
        let client = try? StreamConnection(to: address, resources: server.resources, handler: recorder)
        if let client {
            client.send([1])
            try server.run { !recorder.closed.isEmpty }
            #expect(recorder.closed == [.failed(SystemError(call: "connect", errno: ECONNREFUSED))])
            #expect(recorder.opened.isEmpty)
        }
    }

    @Test func handshakeTimesOut() throws {
        var timeouts = StreamTimeouts()
        timeouts.connectMilliseconds = 100
        let server = try EchoServer(timeouts: timeouts)
        // A queue of one connection, which is full: the kernel drops further requests.
        let full = PlainSocket(SOCK_STREAM)
        full.bind(.loopback)
        listen(full.fd, 0)
        let address = SocketAddress.loopback.with(port: full.localPort)
        let first = PlainSocket.stream(to: address)
        let recorder = StreamRecorder()
        let client = try StreamConnection(to: address, resources: server.resources, handler: recorder)
        try server.run { !recorder.closed.isEmpty }
        #expect(recorder.closed == [.connectTimeout])
        #expect(!client.isOpen)
        withExtendedLifetime(first) {}
    }

    @Test func endOfTheUpstreamIsReportedAtOnce() throws {
        let server = try EchoServer()
        let recorder = StreamRecorder()
        server.recorder.whenReceived = { connection, _ in connection.close() }
        let client = try StreamConnection(
            to: server.listener.localAddress,
            resources: server.resources,
            handler: recorder
        )
        client.send([1])
        client.send([2])
        try server.run { !recorder.closed.isEmpty }
        #expect(recorder.closed == [.endOfStream])
        #expect(recorder.messages.isEmpty)
        #expect(!client.send([3]))
    }

    @Test func finishedClientWaitsForItsResponses() throws {
        let server = try EchoServer()
        let recorder = StreamRecorder()
        let client = try StreamConnection(
            to: server.listener.localAddress,
            resources: server.resources,
            handler: recorder
        )
        client.send([1])
        client.finish()
        try server.run { !recorder.closed.isEmpty }
        #expect(recorder.messages == [[1]])
        #expect(recorder.closed == [.finished])
    }

    @Test func idleClientIsClosedOnceItsAbandonedQueriesAreGone() throws {
        var timeouts = StreamTimeouts()
        timeouts.idleMilliseconds = 50
        let server = try EchoServer()
        server.recorder.whenReceived = { _, _ in }
        let resources = try StreamResources(server.loop, timeouts: timeouts)
        let recorder = StreamRecorder()
        let client = try StreamConnection(
            to: server.listener.localAddress,
            resources: resources,
            handler: recorder
        )
        client.send([1])
        let timer = try Timer(server.loop) { client.abandonQuery() }
        timer.schedule(afterMilliseconds: 150)
        try server.run { !recorder.closed.isEmpty }
        #expect(recorder.closed == [.idle])
    }

    @Test func releasedConnectionReportsNothingAndEndsTheStream() throws {
        let server = try EchoServer()
        let recorder = StreamRecorder()
        do {
            let client = try StreamConnection(
                to: server.listener.localAddress,
                resources: server.resources,
                handler: recorder
            )
            #expect(client.isOpen)
        }
        try server.run { !server.recorder.closed.isEmpty }
        #expect(server.recorder.closed == [.finished])
        #expect(recorder.closed.isEmpty)
    }

    @Test func responsesWithGarbageLengthsDoNotGrowTheBuffer() throws {
        let server = try EchoServer()
        let upstream = PlainSocket(SOCK_STREAM)
        upstream.bind(.loopback, listen: true)
        let recorder = StreamRecorder()
        let address = SocketAddress.loopback.with(port: upstream.localPort)
        let client = try StreamConnection(to: address, resources: server.resources, handler: recorder)
        try server.run { !recorder.opened.isEmpty }
        let peer = PlainSocket(accepting: upstream)
        peer.send([0xFF, 0xFF] + [UInt8](repeating: 0, count: 100))
        peer.endWriting()
        try server.run { !recorder.closed.isEmpty }
        #expect(recorder.closed == [.endOfStream])
        #expect(recorder.messages.isEmpty)
        #expect(!client.isOpen)
    }
}
