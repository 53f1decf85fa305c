import EventLoop
import Glibc
import Testing

@testable import Transport

/// Answers each datagram at once with the same octets, or later when told so; stops the loop after some.
private final class EchoHandler: DatagramHandler {
    let loop: EventLoop
    var remaining: Int
    var isLate = false
    var paths: [DatagramPath] = []
    var lengths: [Int] = []
    var truncated: [Bool] = []
    /// Lengths of the datagrams of the batch, by place, as they were announced.
    var preparedLengths: [Int] = []
    var preparedCount = 0
    /// Datagrams that were handed on without having been announced.
    var unprepared = 0
    var replyLength: Int?

    init(_ loop: EventLoop, expecting count: Int) {
        self.loop = loop
        remaining = count
    }

    func prepare(_ datagram: RawSpan, at place: Int) {
        if place == 0 { preparedLengths = [] }
        preparedLengths.append(datagram.byteCount)
    }

    func prepared(_ count: Int) { preparedCount = count }

    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int {
        remaining -= 1
        let path = socket.currentPath
        paths.append(path)
        lengths.append(datagram.byteCount)
        if place >= preparedCount || preparedLengths[place] != datagram.byteCount { unprepared += 1 }
        truncated.append(isTruncated)
        if isLate {
            socket.queue(datagram, to: path)
            return 0
        }
        for i in 0..<datagram.byteCount {
            reply.storeBytes(
                of: unsafe datagram.unsafeLoad(fromByteOffset: i, as: UInt8.self),
                toByteOffset: i,
                as: UInt8.self
            )
        }
        return replyLength ?? datagram.byteCount
    }

    func batchEnded() {
        if remaining <= 0 { loop.stop() }
    }
}

@Suite struct DatagramListenerTests {
    @Test(arguments: [SocketAddress.loopback, .loopbackIPv6])
    func answersTheAddressThatAsked(_ address: SocketAddress) throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        let listener = try DatagramListener(loop, address, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM, ipv6: !address.isIPv4)
        client.connect(listener.localAddress)
        client.send([1, 2, 3])
        try runBounded(loop)
        #expect(client.receive() == [1, 2, 3])
        #expect(handler.paths.first?.peer == address.with(port: client.localPort))
        #expect(listener.localAddress.port != 0)
    }

    /// The client's socket is connected: the kernel drops an answer from another address than it asked.
    @Test(arguments: [false, true])
    func wildcardSocketAnswersFromTheAddressThatWasAsked(isLate: Bool) throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        handler.isLate = isLate
        let any = SocketAddress(ipv4: 0, port: 0)
        let listener = try DatagramListener(loop, any, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM)
        client.connect(SocketAddress(ipv4: 0x7F00_0002, port: listener.localAddress.port))
        client.send([4, 5])
        try runBounded(loop)
        #expect(client.receive() == [4, 5])
        #expect(handler.paths.first?.local.ipv4 == 0x7F00_0002)
    }

    @Test(arguments: [false, true])
    func wildcardIPv6SocketAnswersFromTheAddressThatWasAsked(isLate: Bool) throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        handler.isLate = isLate
        let any = SocketAddress(ipv6: 0, port: 0)
        let listener = try DatagramListener(loop, any, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM, ipv6: true)
        client.connect(SocketAddress(ipv6: 1, port: listener.localAddress.port))
        client.send([4, 5])
        try runBounded(loop)
        #expect(client.receive() == [4, 5])
        #expect(handler.paths.first?.local.ipv6 == 1)
    }

    @Test func wildcardIPv6SocketDoesNotServeIPv4() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        let batch = try DatagramBatch(loop)
        let v6 = try DatagramListener(loop, SocketAddress(ipv6: 0, port: 0), batch: batch, handler: handler)
        let sameWithV4 = SocketAddress(ipv4: 0, port: v6.localAddress.port)
        let v4 = try DatagramListener(loop, sameWithV4, batch: batch, handler: handler)
        #expect(v4.localAddress.port == v6.localAddress.port)
        v4.stop()
        v6.stop()
    }

    @Test func answersMoreThanOneBatch() throws {
        let loop = try EventLoop()
        let count = 3 * TransportLimits.batchSize + 7
        let handler = EchoHandler(loop, expecting: count)
        let batch = try DatagramBatch(loop)
        let listener = try DatagramListener(loop, .loopback, batch: batch, handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM)
        client.connect(listener.localAddress)
        for i in 0..<count { client.send([UInt8(i & 0xFF), UInt8(i >> 8), 7]) }
        try runBounded(loop)
        for i in 0..<count { #expect(client.receive() == [UInt8(i & 0xFF), UInt8(i >> 8), 7]) }
        #expect(batch.counters == DatagramCounters())
        #expect(handler.unprepared == 0)
    }

    @Test func repliesOfOneBatchGoToTheirOwnClients() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 20)
        let listener = try DatagramListener(loop, .loopback, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let clients = (0..<20).map { _ in PlainSocket(SOCK_DGRAM) }
        for (i, client) in clients.enumerated() {
            client.connect(listener.localAddress)
            client.send([UInt8](repeating: UInt8(i), count: 20 + i))
        }
        try runBounded(loop)
        for (i, client) in clients.enumerated() {
            #expect(client.receive() == [UInt8](repeating: UInt8(i), count: 20 + i))
        }
    }

    /// The way back of a late reply is that of its own query, not of another one of the batch.
    @Test(arguments: [SocketAddress.loopback, SocketAddress(ipv4: 0, port: 0)])
    func lateRepliesOfOneBatchGoToTheirOwnClients(_ address: SocketAddress) throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 20)
        handler.isLate = true
        let listener = try DatagramListener(loop, address, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let clients = (0..<20).map { _ in PlainSocket(SOCK_DGRAM) }
        for (i, client) in clients.enumerated() {
            // With the wildcard each client asks another address, and takes a reply from that one only.
            let asked = 0x7F00_0001 + (address.isWildcard ? UInt32(i) : 0)
            client.connect(SocketAddress(ipv4: asked, port: listener.localAddress.port))
            client.send([UInt8](repeating: UInt8(i), count: 20 + i))
        }
        try runBounded(loop)
        for (i, client) in clients.enumerated() {
            #expect(client.receive() == [UInt8](repeating: UInt8(i), count: 20 + i))
        }
        #expect(handler.unprepared == 0)
    }

    @Test func lateRepliesAreSentAtTheEndOfTheRound() throws {
        let loop = try EventLoop()
        let count = 2 * TransportLimits.batchSize + 3
        let handler = EchoHandler(loop, expecting: count)
        handler.isLate = true
        let listener = try DatagramListener(loop, .loopback, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM)
        client.connect(listener.localAddress)
        for i in 0..<count { client.send([UInt8(i & 0xFF), UInt8(i >> 8)]) }
        try runBounded(loop)
        for i in 0..<count { #expect(client.receive() == [UInt8(i & 0xFF), UInt8(i >> 8)]) }
    }

    @Test func lateReplyLongerThanASlotIsDroppedAndCounted() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        let batch = try DatagramBatch(loop)
        let listener = try DatagramListener(loop, .loopback, batch: batch, handler: handler)
        let tooLong = [UInt8](repeating: 0, count: TransportLimits.datagramLength + 1)
        listener.queue(tooLong, to: DatagramPath(peer: listener.localAddress))
        listener.stop()
        #expect(batch.counters.tooLong == 1)
    }

    @Test func datagramLongerThanASlotIsMarked() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 2)
        let listener = try DatagramListener(loop, .loopback, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM)
        client.connect(listener.localAddress)
        client.send([UInt8](repeating: 9, count: TransportLimits.datagramLength + 1))
        client.send([UInt8](repeating: 9, count: TransportLimits.datagramLength))
        try runBounded(loop)
        #expect(handler.truncated == [true, false])
        #expect(handler.lengths == [TransportLimits.datagramLength, TransportLimits.datagramLength])
    }

    @Test func emptyDatagramIsHandedOn() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        let listener = try DatagramListener(loop, .loopback, batch: DatagramBatch(loop), handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM)
        client.connect(listener.localAddress)
        client.send([])
        try runBounded(loop)
        #expect(handler.lengths == [0])
    }

    @Test func oneUnreachableClientDoesNotStopTheOthers() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 0)
        let batch = try DatagramBatch(loop)
        let listener = try DatagramListener(loop, .loopback, batch: batch, handler: handler)
        defer { listener.stop() }
        let client = PlainSocket(SOCK_DGRAM)
        client.connect(listener.localAddress)
        let clientAddress = SocketAddress.loopback.with(port: client.localPort)
        // A socket bound to 127.0.0.1 may not send to other networks.
        let unreachable = DatagramPath(peer: SocketAddress(ipv4: 0xC000_0201, port: 53))
        let message: [UInt8] = [1]
        listener.queue(message, to: unreachable)
        listener.queue(message, to: DatagramPath(peer: clientAddress))
        listener.queue(message, to: unreachable)
        listener.flush()
        #expect(client.receive() == [1])
        #expect(batch.counters.sendFailed == 2)
    }

    @Test func stoppedListenerSendsNothingAndFreesItsPort() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        let batch = try DatagramBatch(loop)
        let listener = try DatagramListener(loop, .loopback, batch: batch, handler: handler)
        let address = listener.localAddress
        listener.stop()
        listener.stop()
        let message: [UInt8] = [1]
        listener.queue(message, to: DatagramPath(peer: address))
        listener.flush()
        #expect(!listener.isOpen)
        let again = try DatagramListener(loop, address, batch: batch, handler: handler)
        #expect(again.localAddress == address)
        again.stop()
    }

    @Test func releasedListenerLeavesNothingInTheQueue() throws {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let client = PlainSocket(SOCK_DGRAM)
        client.bind(.loopback)
        do {
            let handler = EchoHandler(loop, expecting: 1)
            let listener = try DatagramListener(loop, .loopback, batch: batch, handler: handler)
            let message: [UInt8] = [1]
            listener.queue(message, to: DatagramPath(peer: .loopback.with(port: client.localPort)))
        }
        batch.flush()
        #expect(batch.counters == DatagramCounters())
    }

    @Test func foreignAddressIsRefusedWithTheReason() throws {
        let loop = try EventLoop()
        let handler = EchoHandler(loop, expecting: 1)
        let foreign = SocketAddress(ipv4: 0xCB00_7101, port: 0)
        #expect(throws: SystemError(call: "bind", errno: EADDRNOTAVAIL)) {
            _ = try DatagramListener(loop, foreign, batch: DatagramBatch(loop), handler: handler)
        }
    }
}
