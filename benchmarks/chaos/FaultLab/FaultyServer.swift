import DNSWire
import EventLoop
import Transport

/// A DNS server, UDP and TCP at one address, that behaves as it is told, now or in a circle of steps.
///
/// Used on the loop's thread only.
final class FaultyServer: DatagramHandler, StreamHandler {
    /// Where it answers; the port stays the same while the sockets are closed and opened.
    let address: SocketAddress
    /// Queries that it got, to be read from any thread.
    let received = QueryCounter()

    private let loop: EventLoop
    private let batch: DatagramBatch
    private let resources: StreamResources
    private let definition: FaultyServerDefinition
    private var datagrams: DatagramListener?
    private var streams: StreamListener?
    private var behaviour = Behaviour.answers
    private var steps: [BehaviourStep] = []
    private var nextStep = 0
    private var stepTimer: Timer?
    private var late: [LateReply] = []
    private var lateTimer: Timer?
    private var random = SystemRandomNumberGenerator()

    /// A port that was free may be taken while the server is closed; so often, in milliseconds, it is tried again.
    private static let reopenMilliseconds = 5
    /// At most so many replies wait for their time; what is more is not answered.
    private static let lateMax = 65_536
    private static let noise = 48

    /// Opens the sockets.
    ///
    /// - Parameter port: 0 lets the kernel choose.
    init(_ loop: EventLoop, _ definition: FaultyServerDefinition, port: UInt16) throws(SystemError) {
        self.loop = loop
        self.definition = definition
        batch = try DatagramBatch(loop)
        resources = try StreamResources(loop)
        address =
            port == 0
            ? try FreePort.address(loop, definition.host, batch, resources)
            : SocketAddress(ipv4: definition.host, port: port)
        stepTimer = try Timer(loop) { [unowned self] in step() }
        lateTimer = try Timer(loop) { [unowned self] in sendLate() }
        open()
    }

    /// Behaves so from now on: one step for good, or several in a circle.
    func behave(_ steps: [BehaviourStep]) {
        self.steps = steps
        nextStep = 0
        stepTimer?.cancel()
        step()
    }

    /// Closes everything.
    func stop() {
        stepTimer?.cancel()
        lateTimer?.cancel()
        closeDatagrams()
        closeStreams()
    }

    // MARK: - Steps

    private func step() {
        guard !steps.isEmpty else { return }
        let now = steps[nextStep]
        nextStep = (nextStep + 1) % steps.count
        behaviour = now.behaviour
        open()
        if steps.count > 1 { stepTimer?.schedule(afterMilliseconds: now.milliseconds) }
    }

    /// Opens and closes sockets as the behaviour wants; what the system refuses now is tried again.
    private func open() {
        if !behaviour.hasDatagrams { closeDatagrams() }
        if !behaviour.hasStreams { closeStreams() }
        do throws(SystemError) {
            if behaviour.hasDatagrams, datagrams == nil {
                datagrams = try DatagramListener(loop, address, batch: batch, handler: self)
            }
            if behaviour.hasStreams, streams == nil {
                streams = try StreamListener(address, resources: resources, handler: self)
            }
        } catch {
            // The step is repeated until it succeeds.
            nextStep = steps.isEmpty ? 0 : (nextStep + steps.count - 1) % steps.count
            stepTimer?.schedule(afterMilliseconds: Self.reopenMilliseconds)
        }
    }

    private func closeDatagrams() {
        datagrams?.stop()
        datagrams = nil
        late.removeAll { $0.isDatagram }
    }

    private func closeStreams() {
        streams?.stop()
        streams = nil
        resources.closeConnections()
    }

    // MARK: - Queries

    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int {
        received.increment()
        if let octets = replyOctets(datagram, isStream: false) {
            send(octets, .datagram(socket.currentPath))
        }
        return 0
    }

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        received.increment()
        if let octets = replyOctets(message, isStream: true) { send(octets, .stream(connection)) }
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}

    /// What to send; nil for nothing.
    private func replyOctets(_ message: borrowing RawSpan, isStream: Bool) -> [UInt8]? {
        guard
            let reply = FaultyReply(
                to: message,
                network: definition.network,
                timeToLive: definition.timeToLive
            )
        else { return nil }
        switch behaviour {
        case .answers, .late: return reply.answer()
        case .silent, .closed: return nil
        case .garbage:
            let noise = (0..<Self.noise).map { _ in UInt8.random(in: 0...255, using: &random) }
            return Bool.random(using: &random) ? noise : reply.damaged()
        case .wrongID: return isStream ? reply.answer() : reply.withWrongID()
        case .wrongQuestion: return isStream ? reply.answer() : reply.withWrongQuestion()
        case .truncated: return reply.truncated()
        case .fails: return reply.failure(.servFail)
        case .pointsAt(let address): return reply.answer(address)
        case .loses: return Bool.random(using: &random) ? reply.answer() : nil
        }
    }

    private func send(_ octets: [UInt8], _ way: LateReply.Way) {
        let reply = LateReply(octets: octets, way: way, due: MonotonicClock.nanoseconds())
        if case .late(let milliseconds) = behaviour {
            keep(reply, milliseconds)
        } else {
            transmit(reply)
        }
    }

    private func transmit(_ reply: LateReply) {
        switch reply.way {
        case .datagram(let path): datagrams?.queue(reply.octets.wireBytes, to: path)
        case .stream(let connection): connection.send(reply.octets.wireBytes)
        }
    }

    // MARK: - Late replies

    /// Keeps a reply; all that are kept wait equally long or are sent too late, but never too early.
    private func keep(_ reply: LateReply, _ milliseconds: Int) {
        guard late.count < Self.lateMax else { return }
        var reply = reply
        reply.due += UInt64(milliseconds) * 1_000_000
        if late.isEmpty { lateTimer?.schedule(afterMilliseconds: milliseconds) }
        late.append(reply)
    }

    private func sendLate() {
        let now = MonotonicClock.nanoseconds()
        let due = late.prefix { $0.due <= now }
        for reply in due { transmit(reply) }
        late.removeFirst(due.count)
        guard let next = late.first else { return }
        lateTimer?.schedule(afterMilliseconds: Int((next.due - now) / 1_000_000) + 1)
    }
}

/// A reply with the way that it takes and the time when it leaves.
private struct LateReply {
    enum Way {
        case datagram(DatagramPath)
        case stream(StreamConnection)
    }

    let octets: [UInt8]
    let way: Way
    /// Nanoseconds of the monotonic clock.
    var due: UInt64

    var isDatagram: Bool { if case .datagram = way { true } else { false } }
}
