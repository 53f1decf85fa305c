import AnswerCache
import Configuration
import DNSWire
import EventLoop
import Forwarding
import Metrics
import Routing
import Synchronization
import Transport

/// What a worker needs to start; crosses to its thread once.
struct WorkerConfiguration: Sendable {
    let listen: [ListenAddress]
    let snapshot: ForwardingSnapshot
    let cache: AnswerCache?
    let failures: AnswerCache
    let metrics: WorkerMetrics
}

/// One event loop with its sockets and its forwarder.
///
/// Made on its own thread and used there only.
final class Worker {
    let loop: EventLoop
    let snapshot: ForwardingSnapshot
    let batch: DatagramBatch
    var datagramListeners: [DatagramListener] = []
    var streamListeners: [StreamListener] = []
    private let streams: StreamResources
    private(set) var sockets: UpstreamSockets?
    private(set) var upstreamConnections: UpstreamConnections?
    private(set) var forwarder: Forwarder?
    /// The way back to each waiting client, by the place that the forwarder gave it.
    private var paths: [ReplyPath?] = []
    /// The client whose query the forwarder is looking at.
    var currentPath: ReplyPath?
    var streamReply = WireBuffer(capacity: WireLimits.messageLength + 8)
    private var expiry: Timer?
    private var sweep: Timer?
    private var isDraining = false
    private var drainDeadline: UInt64 = 0

    /// Milliseconds between looks at pending queries.
    private static let expiryInterval = 10
    private static let sweepInterval = 1000
    /// Milliseconds that queries in flight get when the server stops.
    private static let drainMilliseconds: UInt64 = 5000

    enum ReplyPath {
        case datagram(DatagramListener, DatagramPath)
        case stream(StreamConnection)
    }

    /// Binds all sockets; throws what the system says when it refuses.
    init(_ configuration: WorkerConfiguration) throws(ServerError) {
        snapshot = configuration.snapshot
        do throws(SystemError) {
            loop = try EventLoop()
            batch = try DatagramBatch(loop)
            streams = try StreamResources(loop)
        } catch {
            throw .system(error)
        }
        forwarder = Forwarder(
            snapshot: configuration.snapshot,
            cache: configuration.cache,
            failures: configuration.failures,
            metrics: configuration.metrics,
            output: self,
            now: Self.now()
        )
        do throws(SystemError) {
            sockets = try UpstreamSockets(loop, batch: batch, events: self)
            upstreamConnections = UpstreamConnections(streams, events: self)
            expiry = try Timer(loop) { [unowned self] in expire() }
            sweep = try Timer(loop) { [unowned self] in sweepOnce() }
        } catch {
            throw .system(error)
        }
        for address in configuration.listen {
            do throws(SystemError) {
                let datagrams = try DatagramListener(
                    loop,
                    SocketAddress(address),
                    batch: batch,
                    handler: self
                )
                datagramListeners.append(datagrams)
                let listener = try StreamListener(SocketAddress(address), resources: streams, handler: self)
                streamListeners.append(listener)
            } catch {
                throw .cannotListen(address, error)
            }
        }
        sweep?.schedule(afterMilliseconds: Self.sweepInterval)
    }

    /// Runs until `drain` is through.
    func run() { loop.run() }

    static func now() -> UInt64 { MonotonicClock.nanoseconds() / 1_000_000 }

    /// Handles one query; the reply that is ready at once is in `reply`, its length returned, 0 for none.
    func handle(
        query: RawSpan,
        from peer: SocketAddress,
        isStream: Bool,
        path: @autoclosure () -> ReplyPath,
        reply: inout MutableRawSpan
    ) -> QueryOutcome {
        guard let forwarder else { return .drop }
        currentPath = path()
        let outcome = forwarder.handle(
            query: query,
            from: Client(address: peer.ipAddress, isStream: isStream),
            now: Self.now(),
            reply: &reply
        )
        if outcome == .pending { armExpiry() }
        return outcome
    }

    // MARK: - Time

    func armExpiry() {
        guard let expiry, forwarder?.hasPending == true, !expiry.isScheduled else { return }
        expiry.schedule(afterMilliseconds: Self.expiryInterval)
    }

    private func expire() {
        forwarder?.expire(now: Self.now())
        armExpiry()
        stopIfDrained()
    }

    private func sweepOnce() {
        sockets?.sweep(now: Self.now())
        sweep?.schedule(afterMilliseconds: Self.sweepInterval)
        stopIfDrained()
    }

    // MARK: - Stopping

    /// Stops accepting; ends the loop once nothing is in flight, or after a bounded time.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        drainDeadline = Self.now() + Self.drainMilliseconds
        for listener in datagramListeners { listener.stopReceiving() }
        for listener in streamListeners { listener.stop() }
        sweep?.schedule(afterMilliseconds: 10)
        stopIfDrained()
    }

    func stopIfDrained() {
        guard isDraining else { return }
        let isIdle = forwarder?.hasPending != true && streams.connectionCount == 0
        guard isIdle || Self.now() >= drainDeadline else {
            sweep?.schedule(afterMilliseconds: 10)
            return
        }
        for listener in datagramListeners { listener.stop() }
        streams.closeConnections()
        sockets?.closeAll()
        upstreamConnections?.closeAll()
        loop.stop()
    }
}

// MARK: - What the forwarder wants done

extension Worker: ForwarderOutput {
    func admitted(_ waiter: WaiterID) {
        let place = Int(waiter.rawValue)
        while paths.count <= place { paths.append(nil) }
        paths[place] = currentPath
    }

    func reply(_ message: borrowing RawSpan, to waiter: WaiterID) {
        let path = paths[Int(waiter.rawValue)]
        paths[Int(waiter.rawValue)] = nil
        switch path {
        case .datagram(let listener, let path): listener.queue(message, to: path)
        case .stream(let connection): connection.send(message)
        case nil: break
        }
    }

    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        over transport: UpstreamTransport
    ) -> SocketToken? {
        let address = SocketAddress(snapshot.table.upstreams[Int(upstream.rawValue)])
        return switch transport {
        case .udp: sockets?.send(message, to: upstream, at: address, now: Self.now())
        case .tcp: upstreamConnections?.send(message, to: upstream, at: address)
        }
    }
}

// MARK: - What upstreams say

extension Worker: UpstreamEvents {
    func received(
        _ message: RawSpan,
        isCut: Bool,
        from upstream: UpstreamID,
        over transport: UpstreamTransport,
        via token: SocketToken
    ) {
        forwarder?.handle(
            response: message,
            from: upstream,
            over: transport,
            via: token,
            isCut: isCut,
            now: Self.now()
        )
    }

    func failed(_ upstream: UpstreamID, via token: SocketToken) {
        forwarder?.failed(upstream, via: token, now: Self.now())
    }

    // What was queued leaves by itself at the end of the loop's round.
    func batchEnded() { armExpiry() }
}

// MARK: - Datagrams of clients

extension Worker: DatagramHandler {
    func handle(
        _ datagram: RawSpan,
        isTruncated: Bool,
        on socket: DatagramListener,
        from path: DatagramPath,
        reply: inout MutableRawSpan
    ) -> Int {
        // What is longer than our buffer is no query; its start gets FORMERR like any cut message.
        let outcome = handle(
            query: datagram,
            from: path.peer,
            isStream: false,
            path: .datagram(socket, path),
            reply: &reply
        )
        return if case .reply(let length) = outcome { length } else { 0 }
    }
}
