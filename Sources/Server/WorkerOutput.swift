import DNSWire
import Forwarding
import Routing
import Transport

/// The sockets of one worker, as its forwarder uses them: the way back to each waiting client, and the way to servers.
///
/// Used on the worker's thread only.
final class WorkerOutput: ForwarderOutput {
    /// Where the query that the forwarder is looking at came from.
    enum Source: BitwiseCopyable {
        /// The datagram that this listener is handing on.
        case datagrams(listener: Int)
        /// A connection, by its identifier.
        case stream(UInt64)
    }

    var source = Source.datagrams(listener: 0)
    /// The time of the current event, in milliseconds.
    var now: UInt64 = 0
    /// When the query was received that the forwarder is looking at, in nanoseconds.
    var receivedAt: UInt64 = 0
    var datagramListeners: [DatagramListener] = []
    var streamListeners: [StreamListener] = []
    let streams: StreamResources
    var sockets: UpstreamSockets?
    var connections: UpstreamConnections?

    private var table: RoutingTable
    /// By the place that the forwarder gave the client.
    private var paths: [ReplyPath] = []
    private var recorder: QueryRecorder?
    /// Whether queries are logged.
    let isRecording: Bool
    /// When the waiting queries were received, by the place that the forwarder gave the client; empty without a log.
    private var starts: [UInt64] = []
    private var facts: AnswerFacts?

    private enum ReplyPath: BitwiseCopyable {
        case datagram(listener: Int, DatagramPath)
        /// A client that has closed its connection meanwhile gets nothing.
        case stream(UInt64)
    }

    init(_ table: RoutingTable, streams: StreamResources, recorder: QueryRecorder? = nil) {
        self.table = table
        self.recorder = recorder
        isRecording = recorder != nil
        self.streams = streams
    }

    // MARK: - Clients

    func admitted(_ waiter: WaiterID) {
        let path: ReplyPath =
            switch source {
            case .datagrams(let listener):
                .datagram(listener: listener, datagramListeners[listener].currentPath)
            case .stream(let id): .stream(id)
            }
        while paths.count <= Int(waiter.rawValue) { paths.append(path) }
        paths[Int(waiter.rawValue)] = path
        guard isRecording else { return }
        while starts.count <= Int(waiter.rawValue) { starts.append(receivedAt) }
        starts[Int(waiter.rawValue)] = receivedAt
    }

    func answering(_ facts: AnswerFacts) { self.facts = facts }

    func reply(_ message: borrowing RawSpan, to waiter: WaiterID) {
        switch paths[Int(waiter.rawValue)] {
        case .datagram(let listener, let path): datagramListeners[listener].queue(message, to: path)
        case .stream(let id): streams.connection(id)?.send(message)
        }
        if isRecording { recordLate(message, to: waiter) }
    }

    // MARK: - The log of queries

    /// Notes a reply to the query that the forwarder has just looked at.
    func record(_ reply: borrowing RawSpan, _ facts: AnswerFacts, to client: SocketAddress) {
        let isStream = if case .stream = source { true } else { false }
        recorder?.record(reply, facts, to: client, isStream: isStream, receivedAt: receivedAt)
    }

    private func recordLate(_ reply: borrowing RawSpan, to waiter: WaiterID) {
        guard let facts else { return }
        let receivedAt = starts[Int(waiter.rawValue)]
        switch paths[Int(waiter.rawValue)] {
        case .datagram(_, let path):
            recorder?.record(reply, facts, to: path.peer, isStream: false, receivedAt: receivedAt)
        case .stream(let id):
            guard let client = streams.connection(id)?.peer else { return }
            recorder?.record(reply, facts, to: client, isStream: true, receivedAt: receivedAt)
        }
    }

    // MARK: - Servers

    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        over transport: UpstreamTransport
    ) -> SocketToken? {
        switch transport {
        case .udp:
            let address = SocketAddress(table.upstreams[Int(upstream.rawValue)])
            return sockets?.send(message, to: upstream, at: address, now: now)
        case .tcp, .tls:
            return connections?.send(message, to: upstream, now: now)
        }
    }

    /// Uses the servers of another table, and leaves the connections to those that lost their number to others.
    func replace(table new: RoutingTable) {
        if new.reassignedNumbers != table.reassignedNumbers {
            for (place, upstream) in table.upstreams.enumerated() where new.upstreams[place] != upstream {
                sockets?.close(UpstreamID(rawValue: Int32(place)))
            }
        }
        connections?.use(new)
        table = new
    }

    // MARK: - Stopping

    func stopListening() {
        for listener in datagramListeners { listener.stopReceiving() }
        for listener in streamListeners { listener.retire() }
    }

    /// Receives what is left in the sockets; says whether there was something.
    func receiveRest() -> Bool {
        datagramListeners.reduce(false) { $1.receiveRest() || $0 }
    }

    func closeAll() {
        for listener in datagramListeners { listener.stop() }
        streams.closeConnections()
        sockets?.closeAll()
        connections?.closeAll()
    }
}
