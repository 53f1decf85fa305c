import EventLoop
import Forwarding
import Routing
import Transport

/// The TCP connections of one worker towards servers: one each, kept open, with any number of queries in flight
/// (RFC 7766 §6.2.1.1).
final class UpstreamConnections {
    /// Shorter than the 10 s of common servers, so that it is us who close an idle connection (RFC 7766 §6.2.3).
    private static let idleMilliseconds = 5000
    /// A server that owes responses and sends none is given up; the next query gets a new connection.
    private static let unansweredMilliseconds = 3000

    private let resources: StreamResources
    private unowned let events: any UpstreamEvents
    private var connections: [UpstreamID: UpstreamConnection] = [:]
    private var nextToken: UInt32 = 1 << 31

    init(_ loop: EventLoop, events: any UpstreamEvents) throws(SystemError) {
        var timeouts = StreamTimeouts()
        timeouts.idleMilliseconds = Self.idleMilliseconds
        timeouts.unansweredMilliseconds = Self.unansweredMilliseconds
        resources = try StreamResources(loop, timeouts: timeouts)
        self.events = events
    }

    /// Queues a query to a server; nil when no connection can be had.
    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        at address: SocketAddress
    ) -> SocketToken? {
        guard let connection = connections[upstream] ?? open(upstream, address) else { return nil }
        return connection.stream?.send(message) == true ? connection.token : nil
    }

    private func open(_ upstream: UpstreamID, _ address: SocketAddress) -> UpstreamConnection? {
        nextToken &+= 1
        let new = UpstreamConnection(upstream, SocketToken(rawValue: nextToken), owner: self)
        do throws(SystemError) {
            new.stream = try StreamConnection(to: address, resources: resources, handler: new)
        } catch {
            return nil
        }
        connections[upstream] = new
        return new
    }

    /// Closes the connection to a server whose number another one gets.
    func close(_ upstream: UpstreamID) { connections.removeValue(forKey: upstream)?.stream?.close() }

    /// Closes everything.
    func closeAll() {
        let open = connections.values
        connections = [:]
        for connection in open { connection.stream?.close() }
    }

    // MARK: - From the connections

    fileprivate func received(_ message: RawSpan, on connection: UpstreamConnection, at receivedAt: UInt64) {
        events.received(
            message,
            isCut: false,
            from: connection.upstream,
            over: .tcp,
            via: connection.token,
            at: receivedAt
        )
    }

    fileprivate func batchEnded() { events.batchEnded() }

    fileprivate func closed(_ connection: UpstreamConnection) {
        if connections[connection.upstream] === connection { connections[connection.upstream] = nil }
        events.failed(connection.upstream, via: connection.token, wasOpen: connection.wasOpen)
        events.batchEnded()
    }
}

/// One TCP connection towards a server.
private final class UpstreamConnection: StreamHandler {
    let upstream: UpstreamID
    let token: SocketToken
    var stream: StreamConnection?
    private(set) var wasOpen = false
    private unowned let owner: UpstreamConnections

    init(_ upstream: UpstreamID, _ token: SocketToken, owner: UpstreamConnections) {
        self.upstream = upstream
        self.token = token
        self.owner = owner
    }

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        owner.received(message, on: self, at: connection.receivedAt)
    }

    func connectionOpened(_ connection: StreamConnection) { wasOpen = true }

    func readEnded(_ connection: StreamConnection) { owner.batchEnded() }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {
        stream = nil
        owner.closed(self)
    }
}
