import EventLoop
import Glibc
import Testing

@testable import Transport

/// Counts datagrams and answers each with a mark.
private final class Counting: DatagramHandler {
    var count = 0

    func prepare(_ datagram: RawSpan, at place: Int) {}
    func prepared(_ count: Int) {}
    func batchEnded() {}

    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int {
        count += 1
        reply.storeBytes(of: 7, toByteOffset: 0, as: UInt8.self)
        return 1
    }
}

/// Listeners that go while others stay, or while somebody else keeps their socket.
@Suite struct DrainTests {
    private static let all = [
        SocketAddress.loopback, .loopbackIPv6, SocketAddress(ipv4: 0, port: 0),
        SocketAddress(ipv6: 0, port: 0),
    ]

    private func target(_ listener: DatagramListener) -> SocketAddress {
        let address = listener.localAddress
        guard address.isWildcard else { return address }
        return (address.isIPv4 ? SocketAddress.loopback : .loopbackIPv6).with(port: address.port)
    }

    private func run(_ loop: EventLoop, milliseconds: Int) throws {
        let end = try Timer(loop) { loop.stop() }
        end.schedule(afterMilliseconds: milliseconds)
        loop.run()
    }

    @Test(arguments: all) func nothingIsLostWhenOneOfTwoListenersGoes(_ address: SocketAddress) throws {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let (leaving, staying) = (Counting(), Counting())
        let old = try DatagramListener(loop, address, batch: batch, handler: leaving)
        let new = try DatagramListener(loop, old.localAddress, batch: batch, handler: staying)
        let clients = (0..<64).map { _ in PlainSocket(SOCK_DGRAM, ipv6: !address.isIPv4) }
        // These wait in the sockets when the first is told to go.
        for client in clients { client.send([1], to: target(old)) }
        old.stopReceiving()
        for client in clients { client.send([2], to: target(old)) }
        try run(loop, milliseconds: 50)
        #expect(leaving.count > 0, "what waited was answered by the one that goes")
        #expect(leaving.count + staying.count == 128)
        #expect(staying.count >= 64, "what came later went to the other")
        #expect(!old.receiveRest())
        old.stop()
        for client in clients {
            #expect(client.receive() == [7])
            #expect(client.receive() == [7])
        }
        withExtendedLifetime(new) {}
    }

    @Test func whatIsLeftIsReceivedWithoutTheLoop() throws {
        let loop = try EventLoop()
        let handler = Counting()
        let listener = try DatagramListener(loop, .loopback, batch: try DatagramBatch(loop), handler: handler)
        let client = PlainSocket(SOCK_DGRAM)
        client.send([1], to: listener.localAddress)
        listener.stopReceiving()
        #expect(listener.receiveRest())
        #expect(!listener.receiveRest())
        #expect(client.receive() == [7])
        listener.stop()
        #expect(!listener.receiveRest())
    }

    @Test func whatWaitsAtAnInheritedSocketIsLeftToTheNext() throws {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let socket = PlainSocket(SOCK_DGRAM)
        socket.bind(.loopback)
        let inherited = try InheritedSocket(fd: socket.fd)
        let (first, second) = (Counting(), Counting())
        let old = try DatagramListener(
            loop,
            inherited.address,
            inherited: inherited,
            batch: batch,
            handler: first
        )
        let client = PlainSocket(SOCK_DGRAM)
        client.send([1], to: inherited.address)
        old.stopReceiving()
        try run(loop, milliseconds: 20)
        #expect(!old.receiveRest())
        old.stop()
        #expect(first.count == 0)
        let new = try DatagramListener(
            loop,
            inherited.address,
            inherited: inherited,
            batch: batch,
            handler: second
        )
        client.send([2], to: inherited.address)
        try run(loop, milliseconds: 20)
        #expect(second.count == 2)
        #expect(client.receive() == [7])
        withExtendedLifetime(new) {}
    }
}
