import Synchronization

/// What is counted.
///
/// The raw value is the place in a worker's block.
public enum Counter: Int, CaseIterable, Sendable {
    /// Queries that came over UDP.
    case queriesUDP
    /// Queries that came over TCP.
    case queriesTCP
    /// Answers from the cache.
    case cacheHits
    /// Questions that had to be asked upstream, or joined one that was.
    case cacheMisses
    /// Answers that this server gave of itself: special-use names, own zones, class CH.
    case localAnswers
    /// Questions that joined an equal one in flight.
    case mergedQueries
    /// Messages sent to upstream servers.
    case upstreamQueries
    /// Responses that were used.
    case upstreamResponses
    /// Responses that matched no pending query (RFC 5452 §9.1).
    case upstreamMismatches
    /// Responses to questions that had been settled.
    case lateResponses
    /// Responses with letters in another case than asked.
    case wrongCase
    /// Responses with a wrong cookie, or without the one that was due (RFC 7873 §5.3).
    case wrongCookies
    /// Questions asked over TCP because a response over UDP was in doubt (RFC 5452 §9.3).
    case confirmations
    /// Times that a server was asked over TCP only, after too many wrong messages.
    case forgeryAlarms
    /// Questions to servers that tell whether they come back.
    case loopProbes
    /// Queries that came back to us, or through too many forwarders.
    case loopedQueries
    /// Times that a server was switched off for sending queries back.
    case loopingServers
    /// Responses that could not be used: malformed or without sense.
    case upstreamInvalid
    /// Queries to upstream servers that got no response in time.
    case upstreamTimeouts
    /// SERVFAIL, REFUSED, NOTIMP or FORMERR of upstream servers.
    case upstreamFailures
    /// Queries asked again over TCP because of TC.
    case upstreamTruncations
    /// Connections to upstream servers that were opened, over TCP or TLS.
    case upstreamConnections
    /// Those over TLS that began with the session of an earlier one (RFC 8446 §2.2).
    case upstreamResumptions
    /// Those that ended because of TLS: a certificate or the handshake.
    case upstreamTLSFailures
    /// Failures remembered and answered again (RFC 9520).
    case cachedFailures
    /// SERVFAIL of our own.
    case failures
    /// Queries refused: not allowed, or not for us.
    case refusals
    /// Queries answered with FORMERR, NOTIMP or BADVERS.
    case malformed
    /// Datagrams and messages not answered.
    case drops
    /// Questions turned away because too many are pending.
    case overloads
    /// Questions that failed at once because all servers of their route were down, or the cluster drained.
    case outages
    /// Servers that went down.
    case serversDown
    /// Servers that came up again.
    case serversUp
    /// Probes sent to servers that are suspected, down or idle.
    case probes
    /// Questions sent to servers that are down without their clients waiting.
    case trials
    /// Further sends of a question, when servers were late or failed.
    case retries
    /// Further sends that were over the retry budget of their route.
    case retriesDenied
    /// Second servers asked before the first was late.
    case hedges
    /// Replies that were cut to the client's size.
    case truncatedReplies
    /// Answers past their end, given because nothing better came in time (RFC 8767).
    case staleAnswers
    /// Answers that were asked for anew before their end.
    case prefetches
}

/// The counters of one worker: written by its thread only, read by any.
public final class WorkerMetrics: Sendable {
    private let counters = InlineArray<64, Atomic<UInt64>> { _ in Atomic(0) }

    /// By the row of the route: `RouteCounter`.
    public let routes: CounterTable
    /// By the row of the server: `UpstreamCounter`.
    public let upstreams: CounterTable
    /// One row: `WorkerValue`.
    public let own = CounterTable(rows: 1)

    /// - Parameters:
    ///   - routes: routes that are told apart.
    ///   - upstreams: servers that are told apart.
    public init(routes: Int = 1024, upstreams: Int = 1024) {
        self.routes = CounterTable(rows: routes)
        self.upstreams = CounterTable(rows: upstreams)
    }

    /// Adds 1.
    ///
    /// On the owner's thread only: this is a plain load and store, no locked instruction.
    @inline(__always)
    public func count(_ counter: Counter) {
        let value = counters[counter.rawValue].load(ordering: .relaxed)
        counters[counter.rawValue].store(value &+ 1, ordering: .relaxed)
    }

    /// The count so far.
    ///
    /// Any thread.
    public func value(_ counter: Counter) -> UInt64 {
        counters[counter.rawValue].load(ordering: .relaxed)
    }
}

/// The counters of all workers together.
public struct MetricsRegistry: Sendable {
    public let workers: [WorkerMetrics]

    public init(_ workers: [WorkerMetrics]) { self.workers = workers }

    /// The sum over all workers.
    public func value(_ counter: Counter) -> UInt64 {
        workers.reduce(0) { $0 &+ $1.value(counter) }
    }
}
