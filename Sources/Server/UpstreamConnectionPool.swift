// The connections of one worker to one server: pipelined, kept open, renewed (RFC 7766 §6.2.1.1, RFC 7858 §3.4).
import DNSWire
import EventLoop
import Forwarding
import Metrics
import Routing
import TLS
import Transport

/// Chooses the connection that a query goes through, and opens and ends connections as the load wants it.
final class UpstreamConnectionPool {
    let upstream: UpstreamID
    let server: Upstream
    /// Connections that may be open at once; one that is due for its end has its successor beside it.
    var limit: Int
    private unowned let owner: UpstreamConnections
    /// Those that get queries.
    private var connections: [UpstreamConnection] = []
    /// Those that only wait for responses, the oldest first.
    private var draining: [UpstreamConnection] = []
    /// Those that carry one query, of a server that answers no more on each.
    private var alone: [UpstreamConnection] = []
    private var queue: [QueuedQuery] = []
    private var aloneUntil: UInt64 = 0
    /// Connections in a row that ended without a response.
    private var failuresInARow = 0
    private var opensAgainAt: UInt64 = 0
    /// What was wrong with TLS when the last connection failed.
    private(set) var fault: TLSFault?
    /// What the next connection can begin with.
    private(set) var session: TLSSession?
    /// Whom the next connection believes.
    ///
    /// A session is as good as the authorities that the server was verified with: others do not take it over.
    var context: TLSContext? {
        didSet { if context !== oldValue { session = nil } }
    }

    init(_ upstream: UpstreamID, _ server: Upstream, limit: Int, owner: UpstreamConnections) {
        self.upstream = upstream
        self.server = server
        self.limit = limit
        self.owner = owner
    }

    var settings: UpstreamConnectionSettings { owner.settings }

    /// The number of connections that are not closed.
    var connectionCount: Int { connections.count + draining.count + alone.count }

    // MARK: - Sending

    /// Queues a query; nil when no connection can be had.
    func send(_ message: borrowing RawSpan, now: UInt64) -> SocketToken? {
        if now < aloneUntil { return sendAlone(message, now) }
        guard let connection = best(now) ?? open(now) ?? connections.last(where: \.takesQueries) else {
            return nil
        }
        // The query does not wait for the new one, which serves those after it.
        if needsAnother(beside: connection, now) { _ = open(now) }
        return connection.send(message) ? connection.token : nil
    }

    /// Of the established ones the one with the fewest queries in flight, those that are due last.
    private func best(_ now: UInt64) -> UpstreamConnection? {
        var best: UpstreamConnection?
        var bestRank = Int.max
        for connection in connections where connection.takesQueries && !connection.hangs(now: now) {
            let order = (connection.isEstablished ? 0 : 2) + (connection.isDue(now: now) ? 1 : 0)
            let rank = order << 32 + connection.queriesInFlight
            if rank < bestRank {
                best = connection
                bestRank = rank
            }
        }
        return best
    }

    private func needsAnother(beside best: UpstreamConnection, _ now: UInt64) -> Bool {
        guard best.isEstablished, connections.allSatisfy(\.isEstablished) else { return false }
        return best.isDue(now: now) || best.queriesInFlight >= settings.busyQueries
    }

    private func open(_ now: UInt64) -> UpstreamConnection? {
        // One that is due leaves its place to its successor, one at a time, and so do a few that may never open.
        let hanging = connections.count { $0.hangs(now: now) }
        let others = connections.count { !$0.isDue(now: now) && !$0.hangs(now: now) }
        guard now >= opensAgainAt, others < limit, hanging <= settings.hangingMax,
            connections.count - hanging <= limit
        else { return nil }
        let new = owner.makeConnection(for: self, now: now)
        guard owner.open(new) else {
            noteFailure(now)
            return nil
        }
        connections.append(new)
        return new
    }

    // MARK: - Servers that answer one query per connection

    /// Queues a query for a connection of its own; nil when too many wait.
    private func sendAlone(_ message: borrowing RawSpan, _ now: UInt64) -> SocketToken? {
        guard queue.count < settings.queuedMax, !alone.isEmpty || now >= opensAgainAt else { return nil }
        let octets = message.toArray()
        let connection = owner.makeConnection(for: self, now: now)
        queue.append(QueuedQuery(connection: connection, octets: octets, since: now))
        openQueued(now)
        return connection.token
    }

    /// Opens as many connections for queries that wait as there may be.
    private func openQueued(_ now: UInt64) {
        while let first = queue.first, alone.count < limit, now >= opensAgainAt {
            queue.removeFirst()
            if now >= first.since + settings.queuedMilliseconds { continue }
            guard owner.open(first.connection) else {
                noteFailure(now)
                owner.refuse(upstream, first.connection.token)
                continue
            }
            alone.append(first.connection)
            _ = first.connection.send(first.octets.wireBytes)
            first.connection.finish()
        }
        guard alone.isEmpty, !queue.isEmpty else { return }
        // Nothing would wake them.
        for query in queue { owner.refuse(upstream, query.connection.token) }
        queue = []
    }

    // MARK: - Ending

    /// Gives a connection no more queries, and closes it when it owes nothing.
    private func retire(_ connection: UpstreamConnection) {
        guard let place = connections.firstIndex(where: { $0 === connection }) else { return }
        connections.remove(at: place)
        draining.append(connection)
        connection.finish()
        // What it owes is asked again.
        if draining.count > settings.drainingMax { draining.first?.close() }
    }

    /// Gives no connection any more queries.
    func retireAll() {
        for connection in connections { retire(connection) }
    }

    /// Closes everything.
    func closeAll() {
        queue = []
        for connection in connections + draining + alone { connection.close() }
    }

    private func noteFailure(_ now: UInt64) {
        failuresInARow += 1
        if connections.contains(where: \.hasAnswered) {
            // The server has as many as it wants.
            opensAgainAt = now + settings.contentMilliseconds
            return
        }
        if failuresInARow < 2 { return }
        let pause = settings.pauseMilliseconds << UInt64(min(failuresInARow - 2, 8))
        opensAgainAt = now + min(pause, settings.pauseMaxMilliseconds)
    }

    // MARK: - From the connections

    /// Keeps what a connection that believes `context` can be resumed with.
    func keep(_ session: TLSSession?, verifiedBy context: TLSContext?) {
        if context === self.context { self.session = session }
    }

    func received(_ message: RawSpan, on connection: UpstreamConnection, at receivedAt: UInt64) {
        failuresInARow = 0
        owner.received(message, from: self, via: connection.token, at: receivedAt)
    }

    func batchEnded() { owner.batchEnded() }

    /// The server says how long it keeps the connection without queries (RFC 7828 §3.3.2).
    func keepalive(of connection: UpstreamConnection, milliseconds: Int) {
        if milliseconds == 0 { return retire(connection) }
        // Somewhat less, so that it is us who close, and no query meets the server's close on its way.
        let idle = milliseconds / 10 * 9
        connection.stream?.idleMilliseconds =
            min(max(idle, settings.keepalive.lowerBound), settings.keepalive.upperBound)
    }

    /// A connection has brought its first response: those that are due are not needed any more.
    func hasProved(_ connection: UpstreamConnection) {
        let now = MonotonicClock.nanoseconds() / 1_000_000
        for old in connections where old !== connection && old.isDue(now: now) { retire(old) }
    }

    func opened(_ connection: UpstreamConnection) {
        fault = nil
        owner.count(.upstreamConnections)
    }

    func resumed() { owner.count(.upstreamResumptions) }

    func closed(_ connection: UpstreamConnection, _ reason: StreamCloseReason) {
        if case .tls(let failure) = reason {
            fault = TLSFault(failure)
            // One that failed is not tried a second time.
            session = nil
            owner.warn(server, failure)
        } else if !connection.isEstablished {
            fault = nil
        }
        connections.removeAll { $0 === connection }
        draining.removeAll { $0 === connection }
        alone.removeAll { $0 === connection }
        let now = MonotonicClock.nanoseconds() / 1_000_000
        if connection.hasAnsweredOnlyOnce, !Self.isOurs(reason) {
            aloneUntil = now + settings.aloneMilliseconds
        }
        if !connection.hasAnswered, !Self.isOurs(reason) { noteFailure(now) }
        owner.closed(self, connection)
        openQueued(now)
    }

    /// Whether the connection ended because we had no more use for it.
    private static func isOurs(_ reason: StreamCloseReason) -> Bool {
        switch reason {
        case .closedHere, .idle, .finished: true
        default: false
        }
    }
}

/// A query that waits for a connection of its own.
private struct QueuedQuery {
    var connection: UpstreamConnection
    var octets: [UInt8]
    var since: UInt64
}
