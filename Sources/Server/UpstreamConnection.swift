import DNSWire
import EventLoop
import Forwarding
import TLS
import Transport

/// One connection towards a server, over TCP or TLS.
///
/// Kept alive by its pool until it is closed.
final class UpstreamConnection {
    let token: SocketToken
    /// Set once, right after it was made.
    var stream: (any ClientStream)?
    /// Whom a connection over TLS believes; set with `stream`.
    var context: TLSContext?
    /// Whether queries can leave at once.
    private(set) var isEstablished = false
    /// Responses that came.
    private var answers = 0
    private var sends = 0
    private let openedAt: UInt64
    let pool: UpstreamConnectionPool
    private var queriesLeft: Int
    /// In milliseconds of MonotonicClock.
    private let dueAt: UInt64

    init(_ token: SocketToken, pool: UpstreamConnectionPool, queries: Int, openedAt: UInt64, dueAt: UInt64) {
        self.token = token
        self.pool = pool
        queriesLeft = queries
        self.openedAt = openedAt
        self.dueAt = dueAt
    }

    /// Whether a response came.
    var hasAnswered: Bool { answers > 0 }

    /// Whether it brought one response, and was asked for more.
    var hasAnsweredOnlyOnce: Bool { answers == 1 && sends > 1 }

    /// Whether its handshake takes so long that it may never end.
    func hangs(now: UInt64) -> Bool {
        !isEstablished && now >= openedAt + pool.settings.openingMilliseconds
    }

    /// Queries without a response.
    var queriesInFlight: Int { stream?.pendingQueries ?? 0 }

    /// Whether one more query may be sent.
    var takesQueries: Bool {
        guard let stream else { return false }
        return stream.isOpen && !stream.isBackedUp
    }

    /// Whether it is old or used enough to have a successor.
    func isDue(now: UInt64) -> Bool { queriesLeft <= 0 || now >= dueAt }

    func send(_ message: borrowing RawSpan) -> Bool {
        queriesLeft -= 1
        sends += 1
        return stream?.send(message) == true
    }

    func finish() { stream?.finish() }

    func close() { stream?.close() }

    // MARK: - From the stream

    private func received(_ message: RawSpan, at receivedAt: UInt64) {
        answers += 1
        if answers == 1 { pool.hasProved(self) }
        let timeout = KeepaliveOption.timeoutMilliseconds(in: message)
        // Before the message is handed on, which may end in another query.
        if let timeout { pool.keepalive(of: self, milliseconds: timeout) }
        pool.received(message, on: self, at: receivedAt)
    }

    private func opened() {
        isEstablished = true
        pool.opened(self)
    }

    private func closed(_ reason: StreamCloseReason) {
        pool.closed(self, reason)
        stream = nil
    }
}

extension UpstreamConnection: StreamHandler {
    func connection(_ connection: StreamConnection, received message: RawSpan) {
        received(message, at: connection.receivedAt)
    }

    func connectionOpened(_ connection: StreamConnection) { opened() }

    func readEnded(_ connection: StreamConnection) { pool.batchEnded() }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) { closed(reason) }
}

extension UpstreamConnection: TLSConnectionHandler {
    func connection(_ connection: TLSConnection, received message: RawSpan) {
        received(message, at: connection.receivedAt)
        // By then the server has sent what a later connection can begin with.
        pool.keep(connection.session, verifiedBy: context)
    }

    func connectionOpened(_ connection: TLSConnection) {
        if connection.isResumed { pool.resumed() }
        opened()
    }

    func readEnded(_ connection: TLSConnection) { pool.batchEnded() }

    func connectionClosed(_ connection: TLSConnection, _ reason: StreamCloseReason) {
        if let session = connection.session { pool.keep(session, verifiedBy: context) }
        closed(reason)
    }
}
