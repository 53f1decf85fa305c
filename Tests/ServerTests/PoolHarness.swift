import DNSWire
import EventLoop
import Forwarding
import Logging
import Metrics
import Routing
import Testing
import Transport

@testable import Server

/// A worker's connections to one server.
final class PoolHarness {
    let loop: EventLoop
    /// The server, on the same loop, where a test has no other.
    let server: StreamServer
    private(set) var connections: UpstreamConnections?
    let upstream = UpstreamID(rawValue: 0)
    let metrics = WorkerMetrics()
    private let events = EventRecorder()
    private var number: UInt16 = 0

    init(
        limit: Int = 2,
        serverLimit: Int = 100,
        definition: ServerDefinition? = nil,
        logger: Logger = Logger(label: "test"),
        _ adjust: (inout UpstreamConnectionSettings) -> Void = { _ in }
    ) throws {
        ProcessLimits.ignoreBrokenPipe()
        loop = try EventLoop()
        server = try StreamServer(loop, limit: serverLimit)
        var settings = UpstreamConnectionSettings()
        settings.jitterPercent = 0
        adjust(&settings)
        let definition = definition ?? Self.definition(server.port)
        connections = try UpstreamConnections(
            loop,
            table: Self.table([definition], limit: limit),
            support: try UpstreamStreamSupport(servers: [definition], logger: logger),
            metrics: metrics,
            events: events,
            random: RandomPool(),
            settings: settings
        )
    }

    deinit {
        events.whenFailed = { _ in }
        connections?.closeAll()
    }

    var responses: [[UInt8]] { events.responses }
    var failures: [(token: SocketToken, wasOpen: Bool, tls: TLSFault?)] { events.failures }
    var transports: [UpstreamTransport] { events.transports }
    /// Called for each failure, where a worker would ask again.
    var whenFailed: (SocketToken) -> Void {
        get { events.whenFailed }
        set { events.whenFailed = newValue }
    }

    /// A default route with these servers, and the number of connections that it allows.
    static func table(_ servers: [ServerDefinition], limit: Int) -> RoutingTable {
        var directory = RoutingDirectory()
        return RoutingTable(
            defaultServers: servers,
            defaultSettings: settings(limit),
            clusters: [],
            patternParent: nil,
            directory: &directory
        )
    }

    static func definition(_ port: UInt16) -> ServerDefinition {
        ServerDefinition(.address(IPAddress(ipv4: 0x7F00_0001)), port: port, transport: .tcp)
    }

    static func settings(_ connections: Int) -> RouteSettings {
        RouteSettings(limits: RouteLimits(connectionsPerServer: connections))
    }

    private var now: UInt64 { MonotonicClock.nanoseconds() / 1_000_000 }

    /// Sends a query with a number that counts from 1; returns what it went through.
    @discardableResult
    func send() -> SocketToken? {
        number &+= 1
        let query: [UInt8] = [UInt8(number >> 8), UInt8(number & 0xFF)]
        return connections?.send(query.wireBytes, to: upstream, now: now)
    }

    /// Sends a query and waits for its response.
    func exchange() throws {
        let count = responses.count + 1
        send()
        try run { self.responses.count == count }
    }

    var connectionCount: Int { connections?.connectionCount(upstream) ?? 0 }

    /// Says whether that many connections were ever established.
    func hasEstablished(_ count: UInt64) -> Bool { metrics.value(.upstreamConnections) == count }

    /// Runs the loop until a condition holds, looked at every 2 ms, ten seconds at most.
    func run(_ condition: @escaping () -> Bool) throws {
        var isInTime = true
        let start = MonotonicClock.nanoseconds()
        var timer: Timer?
        timer = try Timer(loop) { [loop] in
            isInTime = MonotonicClock.nanoseconds() < start + 10_000_000_000
            if condition() || !isInTime { loop.stop() } else { timer?.schedule(afterMilliseconds: 2) }
        }
        timer?.schedule(afterMilliseconds: 0)
        loop.run()
        timer = nil
        try #require(isInTime, "the condition did not hold in time")
    }

    /// Runs the loop for a while.
    func run(milliseconds: UInt64) throws {
        let end = now + milliseconds
        try run { self.now >= end }
    }
}

/// Notes what a worker would be told.
final class EventRecorder: UpstreamEvents {
    var responses: [[UInt8]] = []
    var transports: [UpstreamTransport] = []
    var failures: [(token: SocketToken, wasOpen: Bool, tls: TLSFault?)] = []
    /// Called for each failure, where a worker would ask again.
    var whenFailed: (SocketToken) -> Void = { _ in }

    func received(
        _ message: RawSpan,
        isCut: Bool,
        from upstream: UpstreamID,
        over transport: UpstreamTransport,
        via token: SocketToken,
        at receivedAt: UInt64
    ) {
        transports.append(transport)
        responses.append((0..<message.byteCount).map { message.uint8(at: $0) })
    }

    func failed(_ upstream: UpstreamID, via token: SocketToken, _ end: ConnectionEnd, tls: TLSFault?) {
        failures.append((token, end != .notOpened, tls))
        whenFailed(token)
    }

    func batchEnded() {}
}

/// A server that does what a test says with each query; at first it sends it back.
final class StreamServer: StreamHandler {
    private let resources: StreamResources
    private var listener: StreamListener?
    /// Connections in the order in which their first query came.
    private(set) var seen: [UInt64] = []
    /// Queries of each connection.
    private(set) var queries: [UInt64: Int] = [:]
    var answer: (StreamConnection, [UInt8]) -> Void = { connection, query in
        connection.send(query.wireBytes)
    }

    /// - Parameter limit: connections above this are accepted and closed at once.
    init(_ loop: EventLoop, limit: Int = 100) throws {
        var limits = StreamLimits()
        limits.connections = limit
        resources = try StreamResources(loop, limits: limits)
        let address = SocketAddress(ipv4: 0x7F00_0001, port: 0)
        listener = try StreamListener(address, resources: resources, handler: self)
    }

    var port: UInt16 { listener?.localAddress.port ?? 0 }
    /// The number of connections that are open now.
    var openCount: Int { resources.connectionCount }
    /// The number of connections that were ever accepted.
    var acceptedCount: Int { Int(resources.counters.accepted) }
    /// The number of connections that were closed at once.
    var refusedCount: Int { Int(resources.counters.refusedInAll) }

    /// Stops listening and closes all connections.
    func stop() {
        listener?.stop()
        resources.closeConnections()
    }

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        if queries[connection.id] == nil { seen.append(connection.id) }
        queries[connection.id, default: 0] += 1
        answer(connection, (0..<message.byteCount).map { message.uint8(at: $0) })
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}
}

/// A response of the server to which `timeout` is given as edns-tcp-keepalive (RFC 7828), in units of 100 ms.
func response(to query: [UInt8], keepalive timeout: UInt16) -> [UInt8] {
    let header = query.prefix(2) + [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 6, 0, 11, 0, 2]
    return header + opt + [UInt8(timeout >> 8), UInt8(timeout & 0xFF)]
}
