import DNSWire
import EventLoop
import Forwarding
import Transport

/// A TCP listener on loopback whose queries the forwarder answers.
final class StreamServer: StreamHandler {
    private let harness: Harness
    private var resources: StreamResources?
    private var listener: StreamListener?
    private var buffer = WireBuffer(capacity: WireLimits.messageLength + 8)
    /// Queries that were answered since this was set to 0.
    var answered = 0

    private static let client = Client(address: Harness.client.address, isStream: true)

    init(_ harness: Harness) { self.harness = harness }

    /// Listens on a port that the kernel chooses.
    func listen(_ loop: EventLoop) throws(SystemError) {
        let resources = try StreamResources(loop)
        self.resources = resources
        listener = try StreamListener(
            SocketAddress(ipv4: 0x7F00_0001, port: 0),
            resources: resources,
            handler: self
        )
    }

    /// The port that is listened on; 0 before.
    var port: UInt16 { listener?.localAddress.port ?? 0 }

    func stop() {
        listener?.stop()
        resources?.closeConnections()
    }

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        if Self.answer(message, on: connection, harness, &buffer) { answered += 1 }
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}

    private static func answer(
        _ message: RawSpan,
        on connection: StreamConnection,
        _ harness: Harness,
        _ buffer: inout WireBuffer
    ) -> Bool {
        var reply = buffer.mutableBytes
        let outcome = harness.forwarder.handle(
            query: message,
            from: client,
            now: harness.now,
            reply: &reply
        )
        guard case .reply(let length) = outcome else { return false }
        return connection.send(reply.readable.extracting(first: length))
    }
}
