import EventLoop
import Glibc
import Synchronization
import Testing

@testable import Transport

/// Notes what connections report, and does what a test says.
final class StreamRecorder: StreamHandler {
    var messages: [[UInt8]] = []
    var opened: [UInt64] = []
    var closed: [StreamCloseReason] = []
    var closedIDs: [UInt64] = []
    var readsEnded = 0
    var whenReceived: (StreamConnection, [UInt8]) -> Void = { _, _ in }
    var whenOpened: (StreamConnection) -> Void = { _ in }
    var whenClosed: (StreamConnection) -> Void = { _ in }

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        let octets = message.octets
        messages.append(octets)
        whenReceived(connection, octets)
    }

    func readEnded(_ connection: StreamConnection) { readsEnded += 1 }

    func connectionOpened(_ connection: StreamConnection) {
        opened.append(connection.id)
        whenOpened(connection)
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {
        closed.append(reason)
        closedIDs.append(connection.id)
        whenClosed(connection)
    }
}

/// A loop with a TCP listener on loopback whose handler sends every message back.
final class EchoServer {
    let loop: EventLoop
    let resources: StreamResources
    let recorder = StreamRecorder()
    let listener: StreamListener

    init(
        _ address: SocketAddress = .loopback,
        limits: StreamLimits = StreamLimits(),
        timeouts: StreamTimeouts = StreamTimeouts()
    ) throws {
        loop = try EventLoop()
        resources = try StreamResources(loop, limits: limits, timeouts: timeouts)
        listener = try StreamListener(address, resources: resources, handler: recorder)
        recorder.whenReceived = { connection, octets in connection.send(octets) }
    }

    deinit {
        listener.stop()
        resources.closeConnections()
    }

    /// Runs the loop while `script` talks to it on a thread of its own; returns what the script returns.
    func run<R: Sendable>(_ script: @escaping @Sendable (SocketAddress) -> R) throws -> R {
        let address = listener.localAddress
        let loop = loop
        let wakeup = try Wakeup(loop) { loop.stop() }
        let handle = wakeup.handle
        let result = Box<R>()
        let thread = try WorkerThread.spawn(name: "client") {
            let value = script(address)
            result.value.withLock { $0 = value }
            handle.wake()
        }
        try runBounded(loop)
        thread.join()
        return try #require(result.value.withLock { $0 })
    }

    /// Runs the loop until `condition` holds after an event, looked at every 5 ms, ten seconds at most.
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

/// Carries a value from one thread to another.
final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}

extension PlainSocket {
    /// Connects a stream to a server.
    static func stream(to address: SocketAddress) -> PlainSocket {
        let socket = PlainSocket(SOCK_STREAM, ipv6: !address.isIPv4)
        socket.connect(address)
        return socket
    }
}

extension StreamConnection {
    @discardableResult
    func send(_ octets: [UInt8]) -> Bool { unsafe send(octets.span.bytes) }
}

extension [UInt8] {
    /// The octets with their length in front.
    var framed: [UInt8] { [UInt8](bigEndian: UInt16(count)) + self }
}
