import EventLoop
import Forwarding
import Metrics
import Routing
import TLS
import Transport

/// The TCP and TLS connections of one worker towards servers, a pool for each server.
final class UpstreamConnections {
    let settings: UpstreamConnectionSettings
    private let support: UpstreamStreamSupport
    private let metrics: WorkerMetrics
    private let resources: StreamResources
    private unowned let events: any UpstreamEvents
    private var servers: [Upstream] = []
    private var limits: [UInt8] = []
    /// Of servers that had a query over a stream.
    private var pools: [UpstreamID: UpstreamConnectionPool] = [:]
    private var nextToken: UInt32 = 1 << 31
    private var random: RandomPool
    /// Servers to which queries could not be sent, with the token that these got.
    private var refusals: [(upstream: UpstreamID, token: SocketToken)] = []
    private var reporting: Deferred?

    init(
        _ loop: EventLoop,
        table: RoutingTable,
        support: UpstreamStreamSupport,
        metrics: WorkerMetrics,
        events: any UpstreamEvents,
        random: RandomPool,
        settings: UpstreamConnectionSettings = UpstreamConnectionSettings()
    ) throws(SystemError) {
        self.settings = settings
        self.support = support
        self.metrics = metrics
        self.random = random
        resources = try StreamResources(loop, timeouts: settings.timeouts)
        self.events = events
        reporting = try Deferred(loop) { [unowned self] in reportRefusals() }
        use(table)
    }

    /// Takes the servers and limits of a new table.
    ///
    /// Connections of servers whose number is another's now end when they owe nothing.
    func use(_ table: RoutingTable) {
        servers = table.upstreams
        limits = table.connectionLimits
        for (id, pool) in pools {
            let place = Int(id.rawValue)
            if place < servers.count, servers[place] == pool.server {
                pool.limit = Int(limits[place])
            } else {
                pools[id] = nil
                pool.retireAll()
            }
        }
    }

    /// Queues a query to a server; nil when the server is not known.
    ///
    /// When no connection can be had, `UpstreamEvents.failed` says so after the event.
    func send(_ message: borrowing RawSpan, to upstream: UpstreamID, now: UInt64) -> SocketToken? {
        guard let pool = pools[upstream] ?? makePool(upstream) else { return nil }
        return pool.send(message, now: now) ?? refuse(upstream)
    }

    private func makePool(_ upstream: UpstreamID) -> UpstreamConnectionPool? {
        let place = Int(upstream.rawValue)
        guard place < servers.count else { return nil }
        let pool = UpstreamConnectionPool(upstream, servers[place], limit: Int(limits[place]), owner: self)
        pools[upstream] = pool
        return pool
    }

    /// Closes everything.
    func closeAll() {
        let all = pools.values
        pools = [:]
        // What fails now must open no new ones.
        servers = []
        for pool in all { pool.closeAll() }
    }

    /// The number of open connections to a server that get queries or wait for responses.
    func connectionCount(_ upstream: UpstreamID) -> Int { pools[upstream]?.connectionCount ?? 0 }

    // MARK: - Refusals

    private func refuse(_ upstream: UpstreamID) -> SocketToken {
        if let refusal = refusals.last(where: { $0.upstream == upstream }) { return refusal.token }
        let token = makeToken()
        refuse(upstream, token)
        return token
    }

    /// Says after the event that what went by this token could not be sent.
    func refuse(_ upstream: UpstreamID, _ token: SocketToken) {
        if refusals.isEmpty { reporting?.schedule() }
        refusals.append((upstream, token))
    }

    private func reportRefusals() {
        let refused = refusals
        refusals = []
        for (upstream, token) in refused {
            events.failed(upstream, via: token, .notOpened, tls: pools[upstream]?.fault)
        }
        events.batchEnded()
    }

    // MARK: - From the pools

    private func makeToken() -> SocketToken {
        nextToken &+= 1
        return SocketToken(rawValue: nextToken)
    }

    /// A connection that is not opened yet.
    func makeConnection(for pool: UpstreamConnectionPool, now: UInt64) -> UpstreamConnection {
        UpstreamConnection(
            makeToken(),
            pool: pool,
            queries: settings.jittered(settings.queries, using: &random),
            openedAt: now,
            dueAt: now + settings.jittered(settings.ageMilliseconds, using: &random)
        )
    }

    /// Opens a connection; false when the system refuses at once.
    func open(_ connection: UpstreamConnection) -> Bool {
        do throws(SystemError) {
            connection.stream = try open(connection, of: connection.pool)
            return true
        } catch {
            return false
        }
    }

    private func open(
        _ connection: UpstreamConnection,
        of pool: UpstreamConnectionPool
    ) throws(SystemError) -> any ClientStream {
        let address = SocketAddress(pool.server)
        guard pool.server.transport == .tls else {
            return try StreamConnection(to: address, resources: resources, handler: connection)
        }
        // Without an identity there is nobody to trust; in the clear is no way out.
        guard let identity = pool.server.tls, let context = support.context(for: identity) else {
            throw SystemError(call: "TLS", errno: Self.noIdentity)
        }
        pool.context = context
        connection.context = context
        return try TLSConnection(
            to: address,
            context: context,
            name: identity.name,
            session: pool.session,
            resources: resources,
            handler: connection
        )
    }

    private static let noIdentity: CInt = 22

    func received(
        _ message: RawSpan,
        from pool: UpstreamConnectionPool,
        via token: SocketToken,
        at receivedAt: UInt64
    ) {
        events.received(
            message,
            isCut: false,
            from: pool.upstream,
            over: pool.server.transport == .tls ? .tls : .tcp,
            via: token,
            at: receivedAt
        )
    }

    func batchEnded() { events.batchEnded() }

    func count(_ counter: Counter) { metrics.count(counter) }

    func warn(_ server: Upstream, _ failure: TLSFailure) {
        metrics.count(.upstreamTLSFailures)
        support.warnings.warn(server, failure)
    }

    func closed(_ pool: UpstreamConnectionPool, _ connection: UpstreamConnection) {
        events.failed(
            pool.upstream,
            via: connection.token,
            connection.hasAnswered ? .afterAnswers : connection.isEstablished ? .open : .notOpened,
            tls: pool.fault
        )
        events.batchEnded()
    }
}
