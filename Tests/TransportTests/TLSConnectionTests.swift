import EventLoop
import Glibc
import TLS
import TLSTestSupport
import Testing

@testable import Transport

/// Notes what a connection over TLS reports.
final class TLSRecorder: TLSConnectionHandler {
    var messages: [[UInt8]] = []
    var openedCount = 0
    var readsEnded = 0
    var closed: [StreamCloseReason] = []
    var whenReceived: (TLSConnection) -> Void = { _ in }

    func connection(_ connection: TLSConnection, received message: RawSpan) {
        messages.append(message.octets)
        whenReceived(connection)
    }

    func connectionOpened(_ connection: TLSConnection) { openedCount += 1 }

    func readEnded(_ connection: TLSConnection) { readsEnded += 1 }

    func connectionClosed(_ connection: TLSConnection, _ reason: StreamCloseReason) { closed.append(reason) }
}

extension TLSConnection {
    @discardableResult
    func send(_ octets: [UInt8]) -> Bool { unsafe send(octets.span.bytes) }
}

/// A loop, and connections from it to a server with a certificate of a test authority.
final class TLSHarness {
    let authority: TestAuthority
    let loop: EventLoop
    let server: TLSTestServer
    let resources: StreamResources
    let recorder = TLSRecorder()

    init(
        _ behaviour: TLSTestServer.Behaviour = .echo,
        names: [String] = ["DNS:dns.test", "IP:127.0.0.1"],
        days: Int = 2,
        _ adjust: (inout StreamTimeouts) -> Void = { _ in }
    ) throws {
        ProcessLimits.ignoreBrokenPipe()
        loop = try EventLoop()
        var timeouts = StreamTimeouts()
        adjust(&timeouts)
        resources = try StreamResources(loop, timeouts: timeouts)
        authority = try TestAuthority()
        server = try TLSTestServer(try authority.identity(names, days: days), behaviour)
    }

    deinit { server.stop() }

    func connect(
        _ name: String = "dns.test",
        trusting authorities: String? = nil,
        session: TLSSession? = nil
    ) throws -> TLSConnection {
        try TLSConnection(
            to: SocketAddress.loopback.with(port: server.port),
            context: try TLSContext(authorities: authorities ?? authority.file),
            name: name,
            session: session,
            resources: resources,
            handler: recorder
        )
    }

    /// Runs the loop until `condition` holds, looked at every 5 ms, ten seconds at most.
    func run(until condition: @escaping () -> Bool) throws {
        let loop = loop
        var timer: Timer?
        timer = try Timer(loop) {
            if condition() { loop.stop() } else { timer?.schedule(afterMilliseconds: 5) }
        }
        timer?.schedule(afterMilliseconds: 0)
        try runBounded(loop)
        timer = nil
    }
}

@Suite struct TLSConnectionTests {
    @Test func exchangesMessagesWithAServerThatProvesItsName() throws {
        let harness = try TLSHarness()
        let recorder = harness.recorder
        let client = try harness.connect()
        // Before the handshake.
        client.send([1])
        client.send([2, 2])
        #expect(client.pendingQueries == 2)
        try harness.run { recorder.messages.count == 2 }
        client.send([3])
        try harness.run { recorder.messages.count == 3 }
        #expect(recorder.messages == [[1], [2, 2], [3]])
        #expect(recorder.openedCount == 1)
        #expect(recorder.readsEnded >= 2)
        #expect(client.pendingQueries == 0)
        #expect(harness.server.seen.names == ["dns.test"])
        #expect(harness.server.seen.protocols == ["dot"])
        client.close()
        #expect(recorder.closed == [.closedHere])
        #expect(!client.send([4]))
    }

    @Test func largeMessagesPassBothWays() throws {
        let harness = try TLSHarness()
        let client = try harness.connect()
        let message = (0..<65_535).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for _ in 0..<10 { client.send(message) }
        try harness.run { harness.recorder.messages.count == 10 }
        #expect(harness.recorder.messages.allSatisfy { $0 == message })
    }

    @Test func manyMessagesPassInOrder() throws {
        let harness = try TLSHarness()
        let client = try harness.connect()
        let messages = (0..<2000).map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        for message in messages { client.send(message) }
        try harness.run { harness.recorder.messages.count == 2000 }
        #expect(harness.recorder.messages == messages)
    }

    @Test func certificateForAnAddressIsAccepted() throws {
        let harness = try TLSHarness()
        let client = try harness.connect("127.0.0.1")
        client.send([1])
        try harness.run { harness.recorder.messages.count == 1 }
        #expect(harness.server.seen.names == [""], "an address is no server name")
    }

    // MARK: - Servers that are not believed

    @Test(arguments: [
        ("expired", -1, "dns.test", TLSFailure.expired),
        ("other name", 2, "other.test", .wrongName),
        ("other address", 2, "127.0.0.2", .wrongName),
    ])
    func wrongCertificateIsRefused(_ what: String, days: Int, name: String, failure: TLSFailure) throws {
        let harness = try TLSHarness(days: days)
        let client = try harness.connect(name)
        client.send([1])
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.tls(failure)])
        #expect(harness.recorder.openedCount == 0)
        #expect(harness.server.seen.messages == 0, "nothing was sent")
        #expect(!client.isOpen)
    }

    @Test func partialWildcardsAndTheCommonNameDoNotCount() throws {
        let harness = try TLSHarness(names: ["DNS:d*.test"])
        for name in ["dns.test", "test"] {
            let count = harness.recorder.closed.count
            let client = try harness.connect(name)
            try harness.run { harness.recorder.closed.count > count }
            #expect(harness.recorder.closed.last == .tls(.wrongName))
            #expect(!client.isOpen)
        }
    }

    @Test func unknownAuthorityIsRefused() throws {
        let harness = try TLSHarness()
        let stranger = try TestAuthority()
        let client = try harness.connect(trusting: stranger.file)
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.tls(.unknownAuthority)])
        #expect(client.session == nil)
    }

    @Test func authoritiesOfTheSystemDoNotKnowTheTests() throws {
        let harness = try TLSHarness()
        let client = try TLSConnection(
            to: SocketAddress.loopback.with(port: harness.server.port),
            context: try TLSContext(),
            name: "dns.test",
            resources: harness.resources,
            handler: harness.recorder
        )
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.tls(.unknownAuthority)])
        #expect(!client.isOpen)
    }

    // MARK: - Servers that fail

    @Test func serverWithoutTLSIsReported() throws {
        let harness = try TLSHarness(.garbage)
        let client = try harness.connect()
        client.send([1])
        try harness.run { !harness.recorder.closed.isEmpty }
        guard case .tls(.handshake(let error)) = harness.recorder.closed[0] else {
            Issue.record("\(harness.recorder.closed)")
            return
        }
        let text = TLSFailure.handshake(error).description(name: "dns.test")
        #expect(text == "handshake failed: wrong version number")
    }

    @Test func oldVersionIsRefused() throws {
        let harness = try TLSHarness(.old)
        let client = try harness.connect()
        try harness.run { !harness.recorder.closed.isEmpty }
        guard case .tls(.handshake) = harness.recorder.closed[0] else {
            Issue.record("\(harness.recorder.closed)")
            return
        }
        #expect(!client.isOpen)
    }

    @Test func endDuringTheHandshakeIsReported() throws {
        let harness = try TLSHarness(.closesAtOnce)
        let client = try harness.connect()
        try harness.run { !harness.recorder.closed.isEmpty }
        let reason = harness.recorder.closed[0]
        let reset = StreamCloseReason.failed(SystemError(call: "connect", errno: ECONNRESET))
        #expect(reason == .tls(.closed) || reason == reset)
        #expect(!client.isOpen)
    }

    @Test func refusedConnectionIsReported() throws {
        let harness = try TLSHarness()
        harness.server.stop()
        let free = PlainSocket(SOCK_STREAM)
        free.bind(.loopback)
        let address = SocketAddress.loopback.with(port: free.localPort)
        let context = try TLSContext(authorities: harness.authority.file)
        let client = try? TLSConnection(
            to: address,
            context: context,
            name: "dns.test",
            resources: harness.resources,
            handler: harness.recorder
        )
        guard client != nil else { return }
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.failed(SystemError(call: "connect", errno: ECONNREFUSED))])
    }

    @Test func handshakeTimesOut() throws {
        let harness = try TLSHarness(.silent) { $0.connectMilliseconds = 200 }
        let client = try harness.connect()
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.tls(.timeout)])
        #expect(!client.isOpen)
    }

    @Test func endWithoutGoodbyeIsAnEnd() throws {
        let harness = try TLSHarness(.closesAfterHandshake)
        let client = try harness.connect()
        try harness.run { !harness.recorder.closed.isEmpty }
        let reason = harness.recorder.closed[0]
        let reset = StreamCloseReason.failed(SystemError(call: "TLS", errno: ECONNRESET))
        #expect(reason == .endOfStream || reason == reset)
        #expect(harness.recorder.openedCount == 1)
        #expect(!client.isOpen)
    }

    // MARK: - Ends

    @Test func finishedConnectionWaitsForItsResponses() throws {
        let harness = try TLSHarness()
        let client = try harness.connect()
        client.send([1])
        client.finish()
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.messages == [[1]])
        #expect(harness.recorder.closed == [.finished])
    }

    @Test func handlerMayCloseTheConnectionThatItHears() throws {
        let harness = try TLSHarness()
        harness.recorder.whenReceived = { $0.close() }
        let client = try harness.connect()
        for i in 0..<20 { client.send([UInt8(i)]) }
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.messages.count == 1)
        #expect(harness.recorder.closed == [.closedHere])
    }

    @Test func idleConnectionEnds() throws {
        let harness = try TLSHarness { $0.idleMilliseconds = 50 }
        let client = try harness.connect()
        client.send([1])
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.idle])
        #expect(harness.recorder.messages == [[1]])
    }

    @Test func serverThatOwesResponsesAndBringsNoneIsGivenUp() throws {
        let harness = try TLSHarness(.mute) { $0.unansweredMilliseconds = 50 }
        let client = try harness.connect()
        client.send([1])
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.unanswered])
    }

    @Test func messageWithoutOctetsEndsTheConnection() throws {
        let harness = try TLSHarness(.empty)
        let client = try harness.connect()
        client.send([1])
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.emptyMessage])
    }

    @Test func messageThatDoesNotEndIsGivenUp() throws {
        let harness = try TLSHarness(.half) { $0.partialMessageMilliseconds = 50 }
        let client = try harness.connect()
        client.send([1, 2, 3])
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.partialMessage])
        #expect(harness.recorder.messages.isEmpty)
    }

    @Test func outputIsBounded() throws {
        let harness = try TLSHarness(.silent)
        let client = try harness.connect()
        let message = [UInt8](repeating: 1, count: 60_000)
        var sent = 0
        while sent < 100, client.send(message) { sent += 1 }
        #expect((10...18).contains(sent))
        #expect(client.isBackedUp)
        #expect(harness.recorder.closed.isEmpty, "never from within send")
        try harness.run { !harness.recorder.closed.isEmpty }
        #expect(harness.recorder.closed == [.outputLimit])
    }

    @Test func releasedConnectionReportsNothing() throws {
        let harness = try TLSHarness()
        do {
            let client = try harness.connect()
            try harness.run { harness.recorder.openedCount == 1 }
            #expect(client.isOpen)
        }
        try harness.run { harness.server.seen.handshakes == 1 }
        #expect(harness.recorder.closed.isEmpty)
    }

    // MARK: - Sessions

    @Test func secondConnectionResumesTheSessionOfTheFirst() throws {
        let harness = try TLSHarness()
        let first = try harness.connect()
        first.send([1])
        try harness.run { harness.recorder.messages.count == 1 }
        #expect(!first.isResumed)
        first.close()
        let session = try #require(first.session)
        // The context is another one each time: the session alone is what is carried over.
        let second = try harness.connect(session: session)
        second.send([2])
        try harness.run { harness.recorder.messages.count == 2 }
        #expect(second.isResumed)
        second.close()
        try harness.run { harness.server.seen.resumptions == 1 }
    }

    @Test func sessionOfAnotherServerIsNotTaken() throws {
        let other = try TLSHarness()
        let first = try other.connect()
        first.send([1])
        try other.run { other.recorder.messages.count == 1 }
        first.close()
        let harness = try TLSHarness()
        let second = try harness.connect(session: first.session)
        second.send([2])
        try harness.run { harness.recorder.messages.count == 1 }
        #expect(!second.isResumed)
    }

    // MARK: - Authorities

    @Test func authoritiesThatCannotBeReadAreSaid() throws {
        let authority = try TestAuthority()
        let missing = "\(authority.directory)/missing.pem"
        #expect(throws: TLSContextError.unreadable(missing, reason: "no such file or directory")) {
            try TLSContext(authorities: missing)
        }
        // A key is no certificate.
        let key = try authority.identity().key
        let error = #expect(throws: TLSContextError.self) { try TLSContext(authorities: key) }
        #expect(error?.description.hasPrefix("\(key) holds no usable certificate (") == true)
    }
}
