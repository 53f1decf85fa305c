public import EventLoop

/// A TCP connection that carries messages with length prefixes, opened by a client or by us to an upstream.
///
/// Many queries may be pending, and their answers go in any order (RFC 1035 §4.2.2, RFC 7766 §7). The handler is
/// called in the rounds of the loop and by `close()`, never from within `init`, `send` or `finish`. It is kept alive
/// until the connection is closed. A client's connection is kept alive by `StreamResources`, one to an upstream by its
/// owner. Used on the worker's thread only.
public final class StreamConnection: ClientStream {
    /// Which side opened the connection.
    enum Role {
        case server
        case client
    }

    enum State {
        case connecting
        case open
        case closed
    }

    /// A number that no other connection of the worker has or had.
    public let id: UInt64
    /// The other end.
    public let peer: SocketAddress
    /// Queries that were received and not answered, or sent and not responded to.
    public internal(set) var pendingQueries = 0

    /// When the messages that are being handed on were read, in nanoseconds of MonotonicClock.
    public internal(set) var receivedAt: UInt64
    /// How long it stays open with nothing pending, at first what `StreamTimeouts` says.
    ///
    /// Set while messages are handed on, where the timer is looked at afterwards.
    public var idleMilliseconds: Int

    let role: Role
    let resources: StreamResources
    /// The listener that accepted it.
    let listenerID: UInt64?

    var state: State
    var socket: SocketDescriptor?
    var handler: (any StreamHandler)?
    var readWatcher: Watcher?
    var writeWatcher: Watcher?
    var timer: DeadlineTimer?

    // Reading.
    var partial = PartialMessage()
    /// Octets that were read when the connection had to pause.
    var unparsed: [UInt8] = []
    var isPaused = false
    var peerHasEnded = false
    var isFinishing = false

    // Writing.
    var output = OutputQueue()
    /// Octets of `resources.replies` that are ours, while our messages are handed on.
    var collectedCount = 0
    var isCollecting = false
    /// The kernel's buffer is full: the write watcher tells when not.
    var isBlocked = false
    var isSettlingLater = false
    /// Set where the handler must not be called; settling closes the connection.
    var closeReason: StreamCloseReason?

    // Time, in nanoseconds of MonotonicClock.
    var lastActivity: UInt64
    var partialSince: UInt64 = 0
    /// To an upstream: since when it owes a response, counted anew with each that comes.
    var waitingSince: UInt64 = 0
    let openedAt: UInt64
    var lastProgress: UInt64 = 0

    // MARK: - Opening

    /// Serves a connection that a listener accepted.
    init(
        _ socket: consuming SocketDescriptor,
        _ peer: SocketAddress,
        listener: UInt64,
        _ resources: StreamResources,
        _ handler: any StreamHandler
    ) throws(SystemError) {
        let fd = socket.fd
        id = resources.makeID()
        role = .server
        state = .open
        openedAt = MonotonicClock.nanoseconds()
        lastActivity = openedAt
        receivedAt = openedAt
        self.peer = peer
        self.resources = resources
        idleMilliseconds = resources.timeouts.idleMilliseconds
        self.handler = handler
        listenerID = listener
        self.socket = consume socket
        timer = try DeadlineTimer(resources.loop) { [unowned self] in timerFired() }
        readWatcher = try Watcher(resources.loop, fd: fd, .read) { [unowned self] in readable() }
        scheduleTimer()
    }

    /// Opens a connection to an upstream; the handler hears whether that succeeds.
    ///
    /// Throws when the system refuses at once, for example because there is no route.
    public init(
        to peer: SocketAddress,
        resources: StreamResources,
        handler: any StreamHandler
    ) throws(SystemError) {
        let socket = try SocketDescriptor(.stream, for: peer)
        try socket.sendWithoutDelay()
        // Also when it is connected at once, the write watcher says so, in the next round.
        _ = try socket.connect(to: peer)
        let fd = socket.fd
        id = resources.makeID()
        role = .client
        state = .connecting
        openedAt = MonotonicClock.nanoseconds()
        lastActivity = openedAt
        receivedAt = openedAt
        listenerID = nil
        self.peer = peer
        self.resources = resources
        idleMilliseconds = resources.timeouts.idleMilliseconds
        self.handler = handler
        self.socket = consume socket
        timer = try DeadlineTimer(resources.loop) { [unowned self] in timerFired() }
        writeWatcher = try Watcher(resources.loop, fd: fd, .write) { [unowned self] in writable() }
        isBlocked = true
        scheduleTimer()
    }

    // MARK: - Using

    /// Says whether it was not closed; also true while connecting.
    public var isOpen: Bool { state != .closed }

    /// Says whether so much waits to be written that no more should be sent.
    public var isBackedUp: Bool { waitingCount >= TransportLimits.outputPauseLength }

    /// Sends a message; it gets its length prefix and leaves with others at the end of the burst or of the round.
    ///
    /// Of a client's connection it answers one query; to an upstream it is one. Returns false, and sends nothing, when
    /// the connection is closed or the message is empty or longer than `TransportLimits.messageLength`.
    @discardableResult
    public func send(_ message: RawSpan) -> Bool {
        guard isOpen, closeReason == nil else { return false }
        guard message.byteCount > 0, message.byteCount <= TransportLimits.messageLength else { return false }
        if role == .client, pendingQueries == 0 { waitingSince = MonotonicClock.nanoseconds() }
        pendingQueries = role == .client ? pendingQueries + 1 : max(0, pendingQueries - 1)
        append(message)
        return true
    }

    /// Gives up one pending query: a client's that gets no answer, or ours whose response is no longer awaited.
    public func abandonQuery() {
        pendingQueries = max(0, pendingQueries - 1)
        lastActivity = MonotonicClock.nanoseconds()
        settleLater()
    }

    /// Closes as soon as nothing is pending and all is written; of a client's connection no query is read any more.
    public func finish() {
        isFinishing = true
        settleLater()
    }

    /// Closes as soon as it is idle for a moment; queries of the client are answered until then.
    func linger() {
        idleMilliseconds = min(idleMilliseconds, TransportLimits.lingerMilliseconds)
        scheduleTimer()
    }

    /// Closes now; what was not written is lost.
    ///
    /// Calls the handler's `connectionClosed` before it returns.
    public func close() { close(.closedHere) }

    // MARK: - Closing

    /// Closes and tells the handler why.
    func close(_ reason: StreamCloseReason) {
        if state == .closed { return }
        state = .closed
        readWatcher = nil
        writeWatcher = nil
        timer = nil
        socket = nil
        partial = PartialMessage()
        unparsed = []
        output = OutputQueue()
        collectedCount = 0
        let handler = handler
        self.handler = nil
        resources.remove(self)
        handler?.connectionClosed(self, reason)
    }
}
