import EventLoop
import Glibc
import Testing

@testable import Transport

/// Notes what a client socket reports; stops the loop after some of it.
private final class Recorder: DatagramClientHandler {
    let loop: EventLoop
    var remaining: Int
    var responses: [[UInt8]] = []
    var truncated: [Bool] = []
    var errors: [CInt] = []
    var closesInHandler = false

    init(_ loop: EventLoop, expecting count: Int) {
        self.loop = loop
        remaining = count
    }

    func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket) {
        responses.append(message.octets)
        truncated.append(isTruncated)
        if closesInHandler { socket.close() }
        note()
    }

    func failed(_ errno: CInt, on socket: DatagramClientSocket) {
        errors.append(errno)
        if closesInHandler { socket.close() }
        note()
    }

    func batchEnded() {}

    private func note() {
        remaining -= 1
        if remaining == 0 { loop.stop() }
    }
}

/// Gives the numbers that it is told to give.
private struct FixedGenerator: RandomNumberGenerator {
    var value: UInt64
    mutating func next() -> UInt64 { value }
}

@Suite struct DatagramClientSocketTests {
    @Test(arguments: [SocketAddress.loopback, .loopbackIPv6])
    func exchangesWithItsPeer(_ address: SocketAddress) throws {
        let loop = try EventLoop()
        let upstream = PlainSocket(SOCK_DGRAM, ipv6: !address.isIPv4)
        upstream.bind(address)
        let recorder = Recorder(loop, expecting: 1)
        let peer = address.with(port: upstream.localPort)
        let client = try DatagramClientSocket(loop, to: peer, batch: DatagramBatch(loop), handler: recorder)
        defer { client.close() }
        let query: [UInt8] = [1, 2]
        client.queue(query)
        client.flush()
        #expect(upstream.receive() == [1, 2])
        upstream.send([3, 4], to: client.localAddress)
        try runBounded(loop)
        #expect(recorder.responses == [[3, 4]])
        #expect(recorder.truncated == [false])
        #expect(client.localAddress.port >= 1024)
    }

    @Test func refusedQueryIsReported() throws {
        let loop = try EventLoop()
        // A port that was free a moment ago.
        let port = try { () throws -> UInt16 in
            let socket = PlainSocket(SOCK_DGRAM)
            socket.bind(.loopback)
            return socket.localPort
        }()
        let recorder = Recorder(loop, expecting: 1)
        let peer = SocketAddress.loopback.with(port: port)
        let client = try DatagramClientSocket(loop, to: peer, batch: DatagramBatch(loop), handler: recorder)
        defer { client.close() }
        let query: [UInt8] = [1]
        client.queue(query)
        try runBounded(loop)
        #expect(recorder.errors == [ECONNREFUSED])
        #expect(recorder.responses.isEmpty)
    }

    @Test func refusalThatSendingFindsIsReportedAndTheHandlerMayClose() throws {
        let loop = try EventLoop()
        let port = {
            let socket = PlainSocket(SOCK_DGRAM)
            socket.bind(.loopback)
            return socket.localPort
        }()
        let recorder = Recorder(loop, expecting: 1)
        recorder.closesInHandler = true
        let batch = try DatagramBatch(loop)
        let client = try DatagramClientSocket(
            loop,
            to: .loopback.with(port: port),
            batch: batch,
            handler: recorder
        )
        let query: [UInt8] = [1]
        client.queue(query)
        client.flush()
        // The refusal of the first is what sending the second finds.
        client.queue(query)
        client.flush()
        #expect(recorder.errors == [ECONNREFUSED])
        #expect(!client.isOpen)
        #expect(batch.counters.sendFailed == 1)
    }

    @Test func datagramsOfOthersAreNotReceived() throws {
        let loop = try EventLoop()
        let upstream = PlainSocket(SOCK_DGRAM)
        upstream.bind(.loopback)
        let recorder = Recorder(loop, expecting: 1)
        let peer = SocketAddress.loopback.with(port: upstream.localPort)
        let client = try DatagramClientSocket(loop, to: peer, batch: DatagramBatch(loop), handler: recorder)
        defer { client.close() }
        let attacker = PlainSocket(SOCK_DGRAM)
        attacker.send([6, 6, 6], to: client.localAddress)
        upstream.send([1], to: client.localAddress)
        try runBounded(loop)
        #expect(recorder.responses == [[1]])
    }

    @Test func responseLongerThanASlotIsMarked() throws {
        let loop = try EventLoop()
        let upstream = PlainSocket(SOCK_DGRAM)
        upstream.bind(.loopback)
        let recorder = Recorder(loop, expecting: 1)
        let peer = SocketAddress.loopback.with(port: upstream.localPort)
        let client = try DatagramClientSocket(loop, to: peer, batch: DatagramBatch(loop), handler: recorder)
        defer { client.close() }
        upstream.send([UInt8](repeating: 1, count: 5000), to: client.localAddress)
        try runBounded(loop)
        #expect(recorder.truncated == [true])
        #expect(recorder.responses.first?.count == TransportLimits.datagramLength)
    }

    @Test func closingInTheHandlerStopsTheBatch() throws {
        let loop = try EventLoop()
        let upstream = PlainSocket(SOCK_DGRAM)
        upstream.bind(.loopback)
        let recorder = Recorder(loop, expecting: 1)
        recorder.closesInHandler = true
        let peer = SocketAddress.loopback.with(port: upstream.localPort)
        let client = try DatagramClientSocket(loop, to: peer, batch: DatagramBatch(loop), handler: recorder)
        for i in 0..<5 { upstream.send([UInt8(i)], to: client.localAddress) }
        try runBounded(loop)
        #expect(recorder.responses == [[0]])
    }

    @Test func messagesOfManySocketsKeepTheirWay() throws {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let recorder = Recorder(loop, expecting: 1)
        let upstreams = (0..<5).map { _ in PlainSocket(SOCK_DGRAM) }
        let clients = try upstreams.map { upstream in
            upstream.bind(.loopback)
            let peer = SocketAddress.loopback.with(port: upstream.localPort)
            return try DatagramClientSocket(loop, to: peer, batch: batch, handler: recorder)
        }
        for round in 0..<4 {
            for (i, client) in clients.enumerated() {
                let message = [UInt8(i), UInt8(round)]
                client.queue(message)
            }
        }
        clients[2].close()
        batch.flush()
        for (i, upstream) in upstreams.enumerated() where i != 2 {
            for round in 0..<4 { #expect(upstream.receive() == [UInt8(i), UInt8(round)]) }
        }
        for client in clients { client.close() }
    }

    @Test func portInUseFallsBackToTheKernelsChoice() throws {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let recorder = Recorder(loop, expecting: 1)
        let upstream = PlainSocket(SOCK_DGRAM)
        upstream.bind(.loopback)
        let peer = SocketAddress.loopback.with(port: upstream.localPort)
        var generator = FixedGenerator(value: 0x9E37_79B9_7F4A_7C15)
        let first = try DatagramClientSocket(
            loop,
            to: peer,
            batch: batch,
            handler: recorder,
            using: &generator
        )
        let second = try DatagramClientSocket(
            loop,
            to: peer,
            batch: batch,
            handler: recorder,
            using: &generator
        )
        #expect(first.localAddress.port != second.localAddress.port)
        #expect(second.localAddress.port >= 1024)
        first.close()
        second.close()
    }

    @Test func sourcePortsDiffer() throws {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let recorder = Recorder(loop, expecting: 1)
        let peer = SocketAddress.loopback.with(port: 53)
        let clients = try (0..<50).map { _ in
            try DatagramClientSocket(loop, to: peer, batch: batch, handler: recorder)
        }
        let ports = clients.map { Int($0.localAddress.port) }
        #expect(Set(ports).count == 50)
        // The kernel's own range is a part of what is used: with 50 ports some lie outside, but for 1 in 10^9.
        #expect(ports.contains { $0 < 32_768 })
        for client in clients { client.close() }
    }
}

extension DatagramClientSocket {
    /// Opens a socket on a random port that the system's generator chooses.
    fileprivate convenience init(
        _ loop: EventLoop,
        to peer: SocketAddress,
        batch: DatagramBatch,
        handler: any DatagramClientHandler
    ) throws(SystemError) {
        var generator = RandomPool()
        try self.init(loop, to: peer, batch: batch, handler: handler, using: &generator)
    }
}
