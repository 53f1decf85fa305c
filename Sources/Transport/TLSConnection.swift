// Queries to a server over TLS: length prefixes, timeouts and limits as over TCP (RFC 7858 §3.3).
public import EventLoop
public import TLS

/// Takes what connections over TLS report.
///
/// Called on the worker's thread only, as `StreamHandler` is.
public protocol TLSConnectionHandler: AnyObject {
    /// Takes one message, without its length prefix.
    func connection(_ connection: TLSConnection, received message: RawSpan)

    /// Called after the messages that one read brought.
    func readEnded(_ connection: TLSConnection)

    /// Called when the handshake has ended and the server has proved who it is.
    func connectionOpened(_ connection: TLSConnection)

    /// Called exactly once for each connection; nothing is called after it.
    func connectionClosed(_ connection: TLSConnection, _ reason: StreamCloseReason)
}

/// A TLS connection to a server that carries messages with length prefixes.
///
/// Nothing is sent in the clear, and nothing before the server has proved that it has the name. Many queries may be
/// pending, and their responses come in any order. The handler is called in the rounds of the loop and by `close()`,
/// never from within `init`, `send` or `finish`; it is kept alive until the connection is closed. Used on the worker's
/// thread only.
public final class TLSConnection: ClientStream {
    public let peer: SocketAddress
    public internal(set) var pendingQueries = 0
    public internal(set) var receivedAt: UInt64
    public var idleMilliseconds: Int
    /// What a later connection to the same server can begin with; renewed by responses, and kept after the end.
    public internal(set) var session: TLSSession?
    /// Says whether the server recognized the session that the connection began with.
    public internal(set) var isResumed = false

    let timeouts: StreamTimeouts
    var channel: TLSChannel?
    var handler: (any TLSConnectionHandler)?
    var timer: DeadlineTimer?
    var isEstablished = false
    var isFinishing = false
    /// Set where the handler must not be called; the timer closes the connection at once.
    var closeReason: StreamCloseReason?

    // Time, in nanoseconds of MonotonicClock.
    let openedAt: UInt64
    var lastActivity: UInt64
    /// Since when the server owes a response, counted anew with each that comes.
    var waitingSince: UInt64 = 0
    /// Since when a message has been there in part; 0 without one.
    var partialSince: UInt64 = 0

    // MARK: - Opening

    /// Opens a connection; the handler hears whether that succeeds.
    ///
    /// - Parameters:
    ///   - name: what the certificate must be for: a host name or an IP address.
    ///   - session: of an earlier connection to the same server.
    public init(
        to peer: SocketAddress,
        context: TLSContext,
        name: String,
        session: TLSSession? = nil,
        resources: StreamResources,
        handler: any TLSConnectionHandler
    ) throws(SystemError) {
        let socket = try SocketDescriptor(.stream, for: peer)
        try socket.sendWithoutDelay()
        _ = try socket.connect(to: peer)
        self.peer = peer
        self.handler = handler
        timeouts = resources.timeouts
        idleMilliseconds = resources.timeouts.idleMilliseconds
        openedAt = MonotonicClock.nanoseconds()
        lastActivity = openedAt
        receivedAt = openedAt
        timer = try DeadlineTimer(resources.loop) { [unowned self] in timerFired() }
        channel = try TLSChannel(
            resources.loop,
            fd: socket.release(),
            context: context,
            name: name,
            session: session,
            inputMax: TransportLimits.tlsInputLength
        ) { [unowned self] event in happened(event) }
        scheduleTimer()
    }

    // MARK: - Using

    public var isOpen: Bool { channel != nil }

    public var isBackedUp: Bool { (channel?.outputCount ?? 0) >= TransportLimits.outputPauseLength }

    @discardableResult
    public func send(_ message: RawSpan) -> Bool {
        guard let channel, closeReason == nil, message.byteCount > 0,
            message.byteCount <= TransportLimits.messageLength
        else { return false }
        guard channel.outputCount + message.byteCount <= TransportLimits.outputLimit,
            channel.append(message)
        else {
            closeSoon(.outputLimit)
            return false
        }
        lastActivity = MonotonicClock.nanoseconds()
        if pendingQueries == 0 { waitingSince = lastActivity }
        pendingQueries += 1
        scheduleTimer()
        return true
    }

    public func finish() {
        isFinishing = true
        if pendingQueries == 0 { closeSoon(.finished) }
    }

    public func close() { close(.closedHere) }

    // MARK: - Closing

    /// Closes in the next round, because the handler must not be called now.
    private func closeSoon(_ reason: StreamCloseReason) {
        if closeReason == nil { closeReason = reason }
        timer?.schedule(by: 0)
    }

    /// Closes and tells the handler why.
    func close(_ reason: StreamCloseReason) {
        guard let channel else { return }
        session = channel.session ?? session
        self.channel = nil
        timer = nil
        channel.close()
        let handler = handler
        self.handler = nil
        handler?.connectionClosed(self, reason)
    }
}
