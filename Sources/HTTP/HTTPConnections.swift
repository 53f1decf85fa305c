import CLibevent
import EventLoop
import Glibc

/// Counts the connections of an HTTP server, closes those above the limit and those that take too long.
///
/// evhttp knows neither: a client that sends an octet now and then would hold its connection for ever.
@safe
final class HTTPConnections {
    // SAFETY: each entry holds a reference of its own to its bufferevent, given back in `forget`; what evhttp has
    // freed meanwhile has no callbacks any more, and is not used but for that.
    private var connections: [Connection] = []
    private let loop: EventLoop
    private let limits: HTTPLimits
    private var sweep: Timer?
    private var refusal: Deferred?

    @safe
    private struct Connection {
        // SAFETY: see `connections`.
        let bufferevent: OpaquePointer
        let acceptedAt: UInt64
    }

    init(_ loop: EventLoop, _ limits: HTTPLimits) throws(SystemError) {
        self.loop = loop
        self.limits = limits
        sweep = try Timer(loop) { [unowned self] in endSlow() }
        refusal = try Deferred(loop) { [unowned self] in refuse() }
    }

    deinit { forgetAll() }

    // The socket is closed with the last reference, so that nobody gets its number before we let go.
    private let options = CInt(BEV_OPT_CLOSE_ON_FREE.rawValue)

    /// Makes what evhttp uses for a connection that it accepted.
    func accept() -> OpaquePointer? {
        guard let bufferevent = unsafe bufferevent_socket_new(loop.base, -1, options) else { return nil }
        unsafe bufferevent_incref(bufferevent)
        forgetEnded()
        unsafe connections.append(
            Connection(bufferevent: bufferevent, acceptedAt: MonotonicClock.nanoseconds())
        )
        // The socket is not in its place yet.
        if connections.count > limits.connections { refusal?.schedule() }
        if sweep?.isScheduled == false { sweep?.schedule(afterMilliseconds: 1000) }
        return unsafe bufferevent
    }

    /// Forgets all connections; evhttp ends them itself.
    func forgetAll() {
        for connection in connections { unsafe bufferevent_decref(connection.bufferevent) }
        connections.removeAll()
        sweep?.cancel()
    }

    private func forgetEnded() {
        connections.removeAll { connection in
            guard unsafe !Self.isUsed(connection.bufferevent) else { return false }
            unsafe bufferevent_decref(connection.bufferevent)
            return true
        }
    }

    private func refuse() {
        forgetEnded()
        for connection in connections.dropFirst(limits.connections) { end(connection) }
    }

    private func endSlow() {
        forgetEnded()
        let now = MonotonicClock.nanoseconds()
        let limit = UInt64(limits.totalSeconds) * 1_000_000_000
        for connection in connections where now - connection.acceptedAt > limit { end(connection) }
        if !connections.isEmpty { sweep?.schedule(afterMilliseconds: 1000) }
    }

    /// Lets evhttp find the end of the stream.
    private func end(_ connection: Connection) {
        shutdown(unsafe bufferevent_getfd(connection.bufferevent), CInt(SHUT_RDWR))
    }

    /// Says whether evhttp still has a connection: when it frees one, it takes its callbacks away.
    private static func isUsed(_ bufferevent: OpaquePointer) -> Bool {
        var changed: bufferevent_event_cb?
        unsafe bufferevent_getcb(bufferevent, nil, nil, &changed, nil)
        return unsafe changed != nil
    }
}
