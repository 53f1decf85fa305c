import EventLoop
import Forwarding
import Routing
import Transport

/// What upstream sockets and connections tell their worker.
protocol UpstreamEvents: AnyObject {
    /// Takes a message that came at `receivedAt` nanoseconds of MonotonicClock.
    func received(
        _ message: RawSpan,
        isCut: Bool,
        from upstream: UpstreamID,
        over transport: UpstreamTransport,
        via token: SocketToken,
        at receivedAt: UInt64
    )
    /// The socket or connection is of no more use.
    ///
    /// Comes between events, never inside a send.
    ///
    /// - Parameter tls: what was wrong, when TLS was.
    func failed(_ upstream: UpstreamID, via token: SocketToken, _ end: ConnectionEnd, tls: TLSFault?)
    func batchEnded()
}

/// The UDP sockets of one worker towards servers.
///
/// A few per server, connected, each from a random port, taken at random and replaced after some hundred
/// queries: both port and ID of a query must be guessed to forge its response (RFC 5452 §9.2). What leaves together
/// goes through one socket, so that it is sent with one call, and its responses are received with few.
final class UpstreamSockets {
    /// Open sockets per server that new queries go through.
    private static let socketsPerUpstream = 8
    /// Queries after which a socket is replaced: half of this at least, at random.
    private static let queriesPerSocketMax = 512
    /// A socket that is not used any more stays for the responses that may still come.
    private static let lingerMilliseconds: UInt64 = 5000
    /// All sockets of a worker; above, queries fail until old ones are closed.
    private static let socketsMax = 4096

    private let loop: EventLoop
    private let batch: DatagramBatch
    private unowned let events: any UpstreamEvents
    /// The open sockets of each server, by its place in the routing table.
    private var pools: [UpstreamPool] = []
    private var retired: [UpstreamSocket] = []
    private var nextToken: UInt32 = 0
    private var random: RandomPool
    private var failures: [UpstreamSocket] = []
    private var notifying: Deferred?
    private(set) var count = 0

    init(
        _ loop: EventLoop,
        batch: DatagramBatch,
        events: any UpstreamEvents,
        random: RandomPool
    ) throws(SystemError) {
        self.loop = loop
        self.random = random
        self.batch = batch
        self.events = events
        notifying = try Deferred(loop) { [unowned self] in reportFailures() }
    }

    /// Queues a query to a server; nil when no socket can be had.
    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        at address: SocketAddress,
        now: UInt64
    ) -> SocketToken? {
        guard let socket = choose(upstream, address) else { return nil }
        socket.lastUsed = now
        socket.queriesLeft -= 1
        socket.socket?.queue(message)
        if socket.queriesLeft == 0 { retire(socket) }
        return socket.token
    }

    private func choose(_ upstream: UpstreamID, _ address: SocketAddress) -> UpstreamSocket? {
        let place = Int(upstream.rawValue)
        while pools.count <= place { pools.append(UpstreamPool()) }
        if let current = pools[place].current, pools[place].chosenAt == batch.flushes { return current }
        let chosen: UpstreamSocket?
        if pools[place].sockets.count < Self.socketsPerUpstream, count < Self.socketsMax,
            let new = open(upstream, address)
        {
            pools[place].sockets.append(new)
            chosen = new
        } else {
            chosen = pools[place].sockets.randomElement(using: &random)
        }
        pools[place].current = chosen
        pools[place].chosenAt = batch.flushes
        return chosen
    }

    private func open(_ upstream: UpstreamID, _ address: SocketAddress) -> UpstreamSocket? {
        nextToken &+= 1
        let queries = Int.random(
            in: Self.queriesPerSocketMax / 2...Self.queriesPerSocketMax,
            using: &random
        )
        let new = UpstreamSocket(upstream, SocketToken(rawValue: nextToken), queries: queries, owner: self)
        do throws(SystemError) {
            new.socket = try DatagramClientSocket(
                loop,
                to: address,
                batch: batch,
                handler: new,
                using: &random
            )
        } catch {
            return nil
        }
        count += 1
        return new
    }

    private func retire(_ socket: UpstreamSocket) {
        let place = Int(socket.upstream.rawValue)
        pools[place].sockets.removeAll { $0 === socket }
        if pools[place].current === socket { pools[place].current = nil }
        retired.append(socket)
    }

    /// Closes what has not been used for a while.
    ///
    /// Called about once a second.
    func sweep(now: UInt64) {
        for pool in pools {
            for socket in pool.sockets where now >= socket.lastUsed + Self.lingerMilliseconds {
                retire(socket)
            }
        }
        retired.removeAll { socket in
            guard now >= socket.lastUsed + Self.lingerMilliseconds else { return false }
            close(socket)
            return true
        }
    }

    /// Closes the sockets towards a server whose number another one gets.
    func close(_ upstream: UpstreamID) {
        let place = Int(upstream.rawValue)
        guard place < pools.count else { return }
        for socket in pools[place].sockets + retired.filter({ $0.upstream == upstream }) { close(socket) }
        pools[place] = UpstreamPool()
        retired.removeAll { $0.upstream == upstream }
    }

    /// Closes everything.
    func closeAll() {
        for socket in pools.flatMap(\.sockets) { close(socket) }
        for socket in retired { close(socket) }
        pools = []
        retired = []
    }

    private func close(_ socket: UpstreamSocket) {
        socket.socket?.close()
        socket.socket = nil
        count -= 1
    }

    // MARK: - From the sockets

    fileprivate func received(_ message: RawSpan, isCut: Bool, on socket: UpstreamSocket) {
        events.received(
            message,
            isCut: isCut,
            from: socket.upstream,
            over: .udp,
            via: socket.token,
            at: batch.receivedAt
        )
    }

    fileprivate func batchEnded() { events.batchEnded() }

    /// Notes a failure.
    ///
    /// The forwarder may be in the middle of a send, so it is told later.
    fileprivate func failed(_ socket: UpstreamSocket) {
        guard !failures.contains(where: { $0 === socket }) else { return }
        failures.append(socket)
        notifying?.schedule()
    }

    private func reportFailures() {
        let failed = failures
        failures = []
        for socket in failed { events.failed(socket.upstream, via: socket.token, .notOpened, tls: nil) }
        events.batchEnded()
    }
}

/// The open sockets towards one server.
private struct UpstreamPool {
    var sockets: [UpstreamSocket] = []
    /// The one that queries go through until the batch is flushed.
    var current: UpstreamSocket?
    var chosenAt: UInt64 = 0
}

/// One UDP socket towards a server.
private final class UpstreamSocket: DatagramClientHandler {
    let upstream: UpstreamID
    let token: SocketToken
    var socket: DatagramClientSocket?
    var queriesLeft: Int
    var lastUsed: UInt64 = 0
    private unowned let owner: UpstreamSockets

    init(_ upstream: UpstreamID, _ token: SocketToken, queries: Int, owner: UpstreamSockets) {
        self.upstream = upstream
        self.token = token
        queriesLeft = queries
        self.owner = owner
    }

    func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket) {
        owner.received(message, isCut: isTruncated, on: self)
    }

    func failed(_ errno: CInt, on socket: DatagramClientSocket) { owner.failed(self) }

    func batchEnded() { owner.batchEnded() }
}
