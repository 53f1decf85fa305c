import AnswerCache
import Configuration
import DNSWire
import EventLoop
import Forwarding
import Metrics
import Routing
import Transport

/// What a worker needs to start; crosses to its thread once.
struct WorkerConfiguration: Sendable {
    let listen: [ListenAddress]
    let cache: AnswerCache?
    let failures: AnswerCache
    let metrics: WorkerMetrics
    let allMetrics: MetricsRegistry
    let streams: UpstreamStreamSupport
    /// Nil when queries are not logged.
    let recorder: QueryRecorder?
    /// Says to others that the worker's loop turns.
    let heartbeat = Heartbeat()
    /// What the worker takes of the sockets that the service manager keeps.
    var inherited: [InheritedSocket] = []
}

/// One event loop with its sockets and its forwarder.
///
/// Made on its own thread and used there only.
final class Worker {
    let loop: EventLoop
    private let batch: DatagramBatch
    let metrics: WorkerMetrics
    /// Hits before the batch that is being answered; nil between batches.
    private var hitsBefore: UInt64?
    private let output: WorkerOutput
    private var forwarder: Forwarder
    var streamReply = WireBuffer(capacity: WireLimits.messageLength + 8)
    private var expiry: Timer?
    private var sweep: Timer?
    private var ticker: Timer?
    private var isDraining = false
    private var hasStopped = false
    private var drainStart: UInt64 = 0
    private let heartbeat: Heartbeat

    /// Milliseconds between looks at pending queries.
    private static let expiryInterval = 10
    private static let sweepInterval = 1000
    /// Milliseconds that queries in flight get when the server stops.
    private static let drainMilliseconds: UInt64 = 5000
    /// Milliseconds in which clients' connections may bring further queries; then only what is pending is finished.
    private static let lingerMilliseconds: UInt64 = 1000
    /// Milliseconds in which a datagram that the kernel was handing to our socket has arrived.
    private static let settleMilliseconds: UInt64 = 20

    /// Binds all sockets; throws what the system says when it refuses.
    init(_ configuration: WorkerConfiguration, _ snapshot: ForwardingSnapshot) throws(ServerError) {
        do throws(SystemError) {
            loop = try EventLoop()
            batch = try DatagramBatch(loop)
            output = WorkerOutput(
                snapshot.table,
                streams: try StreamResources(loop),
                recorder: configuration.recorder
            )
        } catch {
            throw .system(error)
        }
        metrics = configuration.metrics
        heartbeat = configuration.heartbeat
        precondition(
            TransportLimits.batchSize <= ForwardingLimits.batchMax,
            "each datagram of a batch has a place"
        )
        let random = RandomPool()
        forwarder = Forwarder(
            snapshot: snapshot,
            cache: configuration.cache,
            failures: configuration.failures,
            metrics: configuration.metrics,
            allMetrics: configuration.allMetrics,
            output: output,
            random: random,
            now: Self.now()
        )
        do throws(SystemError) {
            output.sockets = try UpstreamSockets(loop, batch: batch, events: self, random: random)
            output.connections = try UpstreamConnections(
                loop,
                table: snapshot.table,
                support: configuration.streams,
                metrics: configuration.metrics,
                events: self,
                random: random
            )
            expiry = try Timer(loop) { [unowned self] in expire() }
            sweep = try Timer(loop) { [unowned self] in sweepOnce() }
            ticker = try Timer(loop) { [unowned self] in tick() }
        } catch {
            throw .system(error)
        }
        for address in configuration.listen {
            do throws(SystemError) {
                try listen(SocketAddress(address), configuration.inherited)
            } catch {
                throw .cannotListen(address, error)
            }
        }
        sweep?.schedule(afterMilliseconds: Self.sweepInterval)
        ticker?.schedule(afterMilliseconds: Int(ForwardingLimits.tickMilliseconds))
    }

    private func listen(_ address: SocketAddress, _ inherited: [InheritedSocket]) throws(SystemError) {
        let ours = inherited.filter { $0.address == address }
        for socket in Self.orNew(ours.filter { $0.kind == .datagrams }) {
            let place = output.datagramListeners.count
            output.datagramListeners.append(
                try DatagramListener(
                    loop,
                    address,
                    inherited: socket,
                    batch: batch,
                    handler: self,
                    tag: place
                )
            )
        }
        for socket in Self.orNew(ours.filter { $0.kind == .streams }) {
            output.streamListeners.append(
                try StreamListener(address, inherited: socket, resources: output.streams, handler: self)
            )
        }
    }

    /// Those that there are, or one to be made.
    private static func orNew(_ sockets: [InheritedSocket]) -> [InheritedSocket?] {
        sockets.isEmpty ? [nil] : sockets
    }

    /// Runs until `drain` is through.
    func run() { loop.run() }

    /// Sets the time of what is handled now, in nanoseconds.
    private func setTime(_ nanoseconds: UInt64) {
        output.now = Self.milliseconds(nanoseconds)
        forwarder.microseconds = nanoseconds / 1000
    }

    private static func now() -> UInt64 { milliseconds(MonotonicClock.nanoseconds()) }

    private static func milliseconds(_ nanoseconds: UInt64) -> UInt64 { nanoseconds / 1_000_000 }

    /// Uses other routes and settings from the next query on; what is in flight is finished as it began.
    func replace(snapshot: ForwardingSnapshot) {
        output.replace(table: snapshot.table)
        forwarder.replace(snapshot: snapshot)
    }

    // MARK: - Time

    private func armExpiry() {
        guard let expiry, forwarder.hasPending, !expiry.isScheduled else { return }
        expiry.schedule(afterMilliseconds: Self.expiryInterval)
    }

    private func expire() {
        setTime(MonotonicClock.nanoseconds())
        forwarder.expire(now: output.now)
        armExpiry()
        stopIfDrained()
    }

    /// Looks after servers that are down or idle.
    private func tick() {
        guard !isDraining else { return }
        setTime(MonotonicClock.nanoseconds())
        forwarder.tick(now: output.now)
        armExpiry()
        ticker?.schedule(afterMilliseconds: Int(ForwardingLimits.tickMilliseconds))
    }

    private func sweepOnce() {
        heartbeat.beat()
        output.sockets?.sweep(now: Self.now())
        publish(
            pending: forwarder.pendingCount,
            waiting: forwarder.waitingCount,
            batch.counters,
            output.streams
        )
        sweep?.schedule(afterMilliseconds: Self.sweepInterval)
        stopIfDrained()
    }

    // MARK: - Stopping

    /// Stops accepting; ends the loop once nothing is in flight, or after a bounded time.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        drainStart = Self.now()
        output.stopListening()
        sweep?.schedule(afterMilliseconds: 10)
        stopIfDrained()
    }

    func stopIfDrained() {
        guard isDraining, !hasStopped else { return }
        let milliseconds = Self.now() - drainStart
        if milliseconds >= Self.lingerMilliseconds { output.streams.finishConnections() }
        guard isIdle(milliseconds) || milliseconds >= Self.drainMilliseconds else {
            sweep?.schedule(afterMilliseconds: 10)
            return
        }
        // Closing connections calls back.
        hasStopped = true
        output.closeAll()
        loop.stop()
    }

    /// Says whether nobody waits for anything, a number of milliseconds after the end was asked for.
    private func isIdle(_ milliseconds: UInt64) -> Bool {
        guard !forwarder.hasWaiting, output.streams.connectionCount == 0 else { return false }
        return milliseconds >= Self.settleMilliseconds && !output.receiveRest()
    }
}

// MARK: - What upstreams say

extension Worker: UpstreamEvents {
    func received(
        _ message: RawSpan,
        isCut: Bool,
        from upstream: UpstreamID,
        over transport: UpstreamTransport,
        via token: SocketToken,
        at receivedAt: UInt64
    ) {
        setTime(receivedAt)
        forwarder.handle(
            response: message,
            from: upstream,
            over: transport,
            via: token,
            isCut: isCut,
            now: output.now
        )
    }

    func failed(_ upstream: UpstreamID, via token: SocketToken, _ end: ConnectionEnd, tls: TLSFault?) {
        setTime(MonotonicClock.nanoseconds())
        forwarder.failed(upstream, via: token, end, tls: tls, now: output.now)
    }

    // What was queued leaves by itself at the end of the loop's round.
    func batchEnded() {
        armExpiry()
        guard let before = hitsBefore else { return }
        hitsBefore = nil
        countHits(metrics.value(.cacheHits) &- before, since: batch.receivedAt)
    }
}

// MARK: - Datagrams of clients

extension Worker: DatagramHandler {
    func prepare(_ datagram: RawSpan, at place: Int) { forwarder.prepare(query: datagram, at: place) }

    func prepared(_ count: Int) {
        setTime(batch.receivedAt)
        hitsBefore = metrics.value(.cacheHits)
        forwarder.fetchAnswers(count)
    }

    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int {
        output.source = .datagrams(listener: socket.tag)
        output.receivedAt = batch.receivedAt
        // What is longer than our buffer is no query; its start gets FORMERR like any cut message.
        let outcome = forwarder.handle(
            query: datagram,
            preparedAt: place,
            from: Client(address: peer.ipAddress, isStream: false),
            now: output.now,
            reply: &reply
        )
        guard case .reply(let length) = outcome else { return 0 }
        if output.isRecording {
            output.record(reply.readable.extracting(first: length), forwarder.facts(at: place), to: peer)
        }
        return length
    }
}

// MARK: - Queries of clients over TCP (RFC 7766)

extension Worker: StreamHandler {
    func connection(_ connection: StreamConnection, received message: RawSpan) {
        if !Self.answer(message, on: connection, of: self, &streamReply) { connection.abandonQuery() }
    }

    func readEnded(_ connection: StreamConnection) { batchEnded() }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) { stopIfDrained() }

    /// Handles one query; false when it gets no answer.
    private static func answer(
        _ message: RawSpan,
        on connection: StreamConnection,
        of worker: Worker,
        _ buffer: inout WireBuffer
    ) -> Bool {
        worker.output.source = .stream(connection.id)
        var reply = buffer.mutableBytes
        worker.output.receivedAt = connection.receivedAt
        worker.setTime(connection.receivedAt)
        let outcome = worker.forwarder.handle(
            query: message,
            from: Client(address: connection.peer.ipAddress, isStream: true),
            now: worker.output.now,
            reply: &reply
        )
        switch outcome {
        case .reply(let length):
            let message = reply.readable.extracting(first: length)
            connection.send(message)
            if worker.output.isRecording {
                worker.output.record(message, worker.forwarder.facts(at: 0), to: connection.peer)
            }
            return true
        case .pending: return true
        case .drop: return false
        }
    }
}
