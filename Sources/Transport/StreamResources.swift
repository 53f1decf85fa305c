public import EventLoop

/// What all connections of a worker share: buffers, limits, identifiers, and the list of those to be settled.
///
/// Used on the worker's thread only.
public final class StreamResources {
    public let limits: StreamLimits
    public let timeouts: StreamTimeouts
    /// What the listeners did.
    public internal(set) var counters = StreamCounters()

    let loop: EventLoop
    /// What one read brings, of whichever connection is read.
    let input = OctetBuffer(capacity: TransportLimits.readLength)
    /// What is sent on that connection meanwhile.
    let replies = OctetBuffer(capacity: TransportLimits.replyLength)

    private var connections: [UInt64: StreamConnection] = [:]
    private var clients: [SocketAddress: Int] = [:]
    private var lastID: UInt64 = 0
    private var unsettled: [StreamConnection] = []
    private var settling: [StreamConnection] = []
    private var settleAtEndOfRound: Deferred?

    public init(
        _ loop: EventLoop,
        limits: StreamLimits = StreamLimits(),
        timeouts: StreamTimeouts = StreamTimeouts()
    ) throws(SystemError) {
        self.loop = loop
        self.limits = limits
        self.timeouts = timeouts
        settleAtEndOfRound = try Deferred(loop) { [unowned self] in settle() }
    }

    /// The number of connections from clients that are open.
    public var connectionCount: Int { connections.count }

    /// The open connection of a client that has this identifier.
    public func connection(_ id: UInt64) -> StreamConnection? { connections[id] }

    /// An identifier that no connection and no listener of this worker had.
    func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    // MARK: - Connections from clients

    /// Says whether one more connection of a client may be served, and counts when not.
    func admits(_ peer: SocketAddress) -> Bool {
        if connections.count >= limits.connections {
            counters.refusedInAll += 1
            return false
        }
        if clients[peer.client, default: 0] >= limits.connectionsPerClient {
            counters.refusedPerClient += 1
            return false
        }
        return true
    }

    func add(_ connection: StreamConnection) {
        counters.accepted += 1
        connections[connection.id] = connection
        clients[connection.peer.client, default: 0] += 1
    }

    func remove(_ connection: StreamConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        let client = connection.peer.client
        let remaining = clients[client, default: 1] - 1
        clients[client] = remaining == 0 ? nil : remaining
    }

    /// Lets the connections of a listener finish.
    func finishConnections(ofListener id: UInt64) {
        for connection in connections.values where connection.listenerID == id { connection.finish() }
    }

    /// Lets the connections of a listener go on until they are idle for a moment.
    func lingerConnections(ofListener id: UInt64) {
        for connection in connections.values where connection.listenerID == id { connection.linger() }
    }

    /// Lets all connections of clients finish what is pending.
    public func finishConnections() {
        for connection in connections.values { connection.finish() }
    }

    /// Closes all connections of clients now: the end of the time that a stopping server gives them.
    public func closeConnections() {
        for connection in Array(connections.values) { connection.close() }
        unsettled.removeAll { !$0.isOpen }
    }

    // MARK: - End of the round

    /// Settles a connection at the end of the round: writes, resumes or closes, as its state demands.
    func settleLater(_ connection: StreamConnection) {
        if unsettled.isEmpty { settleAtEndOfRound?.schedule() }
        unsettled.append(connection)
    }

    private func settle() {
        swap(&unsettled, &settling)
        for connection in settling { connection.settleNow() }
        settling.removeAll(keepingCapacity: true)
    }
}

extension SocketAddress {
    /// Whom the limits see as one client: an IPv4 address or an IPv6 network of 64 bits.
    var client: SocketAddress {
        isIPv4 ? with(port: 0) : SocketAddress(ipv6: UInt128(high) << 64, port: 0)
    }
}
