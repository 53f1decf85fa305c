import Forwarding
import Transport

/// How connections to servers are kept; the same for all servers.
struct UpstreamConnectionSettings {
    /// Queries in flight on every connection above which one more is opened.
    var busyQueries = 64
    /// Milliseconds after which a connection gets a successor, so that load spreads over what stands behind a
    /// Service address.
    var ageMilliseconds: UInt64 = 60_000
    /// Queries after which it does.
    var queries = 10_000
    /// Per cent by which both differ from one connection to the next, so that they do not end together.
    var jitterPercent = 25
    /// Connections of one server that get no more queries and wait for the last responses.
    var drainingMax = 16
    /// Milliseconds without opening one after two in a row brought nothing; doubled with each further one.
    ///
    /// Short, because a server that is back must be found within a second.
    var pauseMilliseconds: UInt64 = 25
    var pauseMaxMilliseconds: UInt64 = 200
    /// Milliseconds without opening one more beside those that work, after one that brought nothing.
    var contentMilliseconds: UInt64 = 1000
    /// Milliseconds after which a connection whose handshake has not ended gets no more queries while another can be had.
    var openingMilliseconds: UInt64 = 300
    /// Those that there may be beside the limit.
    var hangingMax = 4
    /// Milliseconds for which each query gets a connection of its own, once a server has closed one after one response.
    var aloneMilliseconds: UInt64 = 30_000
    /// Queries that may wait for one.
    var queuedMax = 1024
    /// Milliseconds after which nobody waits for their responses.
    var queuedMilliseconds = ForwardingLimits.streamTimeoutMilliseconds
    /// What a server may ask for with edns-tcp-keepalive, in milliseconds (RFC 7828).
    var keepalive = 1000...60_000
    var timeouts: StreamTimeouts

    init() {
        timeouts = StreamTimeouts()
        // Shorter than the 10 s of common servers, so that it is us who close an idle connection (RFC 7766 §6.2.3).
        timeouts.idleMilliseconds = 5000
        // A server that owes responses and sends none is given up; the next query gets a new connection.
        timeouts.unansweredMilliseconds = 3000
    }

    /// A number near `value`, at random.
    func jittered<Number: FixedWidthInteger>(
        _ value: Number,
        using random: inout some RandomNumberGenerator
    ) -> Number {
        let spread = value / 100 * Number(jitterPercent) + value % 100 * Number(jitterPercent) / 100
        return Number.random(in: value - spread...value + spread, using: &random)
    }
}
