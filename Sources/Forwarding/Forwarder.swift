public import AnswerCache
import DNSWire
public import Metrics
import QueryEvents
import Routing

/// The life of a query without sockets and clocks: octets and a time in, replies and sends out.
///
/// One per worker, used on its thread only. Time is in milliseconds of a clock that never goes back. A value that is
/// not copied, so that its owner's one access to it is all that is checked at run time.
public struct Forwarder: ~Copyable {
    private(set) var snapshot: ForwardingSnapshot
    // The snapshot's, at hand: what is reached through another object is retained for each query.
    private var table: RoutingTable
    /// Shared by all workers; nil when nothing is to be cached.
    let cache: AnswerCache?
    /// Failures, apart from answers (RFC 9520).
    let failures: AnswerCache
    let metrics: WorkerMetrics
    // The tables of `metrics`, at hand: what is reached through another object is retained for each query.
    let routeCounters: CounterTable
    let upstreamCounters: CounterTable
    /// Those of all workers, for who asks about the server.
    let allMetrics: MetricsRegistry
    let output: any ForwarderOutput
    var random: any RandomNumberGenerator
    var pending = PendingQueries()
    var waiters = Waiters(limit: ForwardingLimits.waitersMax)
    var wheel: TimerWheel
    var cookies = ServerCookies()
    /// Servers that are suspected or down, as far as this worker has found out.
    var watchlist = Watchlist()
    /// Of the servers that went out, those whose questions have been looked after.
    var outagesSeen: UInt64
    /// The server that is looked at next for being idle.
    var idleCursor = 0
    /// First sends under the policy `fastest`.
    var fastestSends = 0
    var builder = AnswerBuilder()
    var processor = ResponseProcessor()
    var queryWriter = MessageWriter(capacity: 512)
    var replyBuffer = WireBuffer(capacity: WireLimits.messageLength + 8)
    /// The queries of a batch, by place.
    private var prepared = [PreparedQuery](repeating: PreparedQuery(), count: ForwardingLimits.batchMax)
    private var rotation: UInt32 = 0
    /// What the last reply of `handle` was made of.
    private var source = QueryEvent.Source.local
    let hashSeed: UInt64
    /// The snapshot's, at hand.
    private(set) var routeRows: [Int32]
    private(set) var upstreamRows: [Int32]
    /// The time of what is handled now, in microseconds; 0 where only milliseconds are known.
    ///
    /// Whoever calls sets it before.
    public var microseconds: UInt64 = 0

    /// - Parameters:
    ///   - allMetrics: the counters of all workers; nil when this one is alone.
    ///   - random: message IDs come from it; a cryptographic one outside of tests (RFC 5452 §9.2).
    public init(
        snapshot: ForwardingSnapshot,
        cache: AnswerCache?,
        failures: AnswerCache,
        metrics: WorkerMetrics,
        allMetrics: MetricsRegistry? = nil,
        output: any ForwarderOutput,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        now: UInt64
    ) {
        self.snapshot = snapshot
        table = snapshot.table
        self.cache = cache
        self.failures = failures
        self.metrics = metrics
        routeCounters = metrics.routes
        upstreamCounters = metrics.upstreams
        self.allMetrics = allMetrics ?? MetricsRegistry([metrics])
        self.output = output
        self.random = random
        wheel = TimerWheel(now: now)
        outagesSeen = snapshot.outages.count
        hashSeed = failures.seed
        routeRows = snapshot.metricRows.routes
        upstreamRows = snapshot.metricRows.upstreams
    }

    /// Takes the routes and settings of a later snapshot of the same directory.
    ///
    /// Questions in flight keep the snapshot that they began with. Not between `prepare` and `handle` of a query.
    public mutating func replace(snapshot new: ForwardingSnapshot) {
        // In this order: who holds the old snapshot for us may let it go when we have none, and its table with it.
        table = new.table
        routeRows = new.metricRows.routes
        upstreamRows = new.metricRows.upstreams
        snapshot = new
        pending.releaseSnapshots(for: new)
    }

    /// Whether questions are in flight, so that `expire` must be called about every 10 ms.
    public var hasPending: Bool { pending.count > 0 }

    /// Whether clients wait for any of them.
    public var hasWaiting: Bool { waiters.count > 0 }

    /// Questions in flight.
    public var pendingCount: Int { pending.count }

    /// Clients, and chains, that wait for them.
    public var waitingCount: Int { waiters.count }

    /// Reads a client's message and finds its route, before `handle` gets it with the same place of the batch.
    ///
    /// Nothing is answered or counted here. The index of the cache begins to come from memory.
    /// - Parameter place: below `ForwardingLimits.batchMax`.
    public mutating func prepare(query message: borrowing RawSpan, at place: Int) {
        prepared[place].read(message, table, seed: hashSeed)
        if prepared[place].isForwarded { cache?.prefetchIndex(prepared[place].key.hash) }
    }

    /// Lets the answers for the first `count` prepared queries come from memory, where the cache has them.
    public func fetchAnswers(_ count: Int) {
        for place in 0..<count where prepared[place].isForwarded {
            cache?.prefetchEntry(prepared[place].key.hash)
        }
    }

    /// Handles a client's message, which was prepared at `place`; what is ready at once is written into `reply`.
    ///
    /// - Parameter reply: at least `ForwardingLimits.udpPayload` octets, for streams 65,543.
    public mutating func handle(
        query message: borrowing RawSpan,
        preparedAt place: Int,
        from client: Client,
        now: UInt64,
        reply: inout MutableRawSpan
    ) -> QueryOutcome {
        metrics.count(client.isStream ? .queriesTCP : .queriesUDP)
        source = .local
        switch prepared[place].verdict {
        case .drop:
            metrics.count(.drops)
            return .drop
        case .reject(let query, let code):
            let context = ReplyContext(query, isStream: client.isStream)
            reply.copy(message.extracting(first: context.questionEnd), at: 0)
            guard snapshot.allowed.contains(client.address) else { return refuseClient(&reply, context) }
            metrics.count(.malformed)
            countReply(RouteCounter.localRow, client.isStream, Int(code.rawValue))
            let length = ReplyWriter.finish(&reply, context, code, isAuthoritative: false, fitted: .none)
            return .reply(length)
        case .query(let query):
            let outcome = answer(query, message, place, client, now, &reply)
            if case .reply = outcome {
                countReply(row(ofPlace: place), client.isStream, Int(reply.readable.uint8(at: 3) & 0xF))
            }
            return outcome
        }
    }

    /// What the reply was made of that `handle` has just returned for the message prepared at `place`.
    public func facts(at place: Int) -> AnswerFacts {
        guard case .query = prepared[place].verdict, case .forward(let route) = prepared[place].decision
        else {
            return AnswerFacts(source, routeTag: 0)
        }
        return AnswerFacts(source, routeTag: table.cacheTag(route))
    }

    /// Where the prepared query at a place is counted.
    private func row(ofPlace place: Int) -> Int {
        guard case .forward(let route) = prepared[place].decision else { return RouteCounter.localRow }
        return Int(routeRows[Int(route.rawValue)])
    }

    /// Handles a client's message that comes alone.
    public mutating func handle(
        query message: borrowing RawSpan,
        from client: Client,
        now: UInt64,
        reply: inout MutableRawSpan
    ) -> QueryOutcome {
        prepare(query: message, at: 0)
        return handle(query: message, preparedAt: 0, from: client, now: now, reply: &reply)
    }

    private mutating func answer(
        _ query: Query,
        _ message: borrowing RawSpan,
        _ place: Int,
        _ client: Client,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        let context = ReplyContext(query, isStream: client.isStream)
        reply.copy(message.extracting(first: context.questionEnd), at: 0)
        guard snapshot.allowed.contains(client.address) else { return refuseClient(&reply, context) }
        switch prepared[place].decision {
        case .forward(let route):
            if let length = answerFromCache(place, route, query, context, now, &reply) {
                return .reply(length)
            }
            return miss(prepared[place].key, route, query, message, client, context, now, &reply)
        case .local(let local):
            if let refusal = refuseLoop(query, message, context, now, &reply) { return refusal }
            return answerLocally(local, query, message, context, &reply)
        case nil where query.qclass == .internet:
            return answerMetaType(query, context, &reply)
        case nil:
            return answerOtherClass(query, message, client, context, now, &reply)
        }
    }

    /// A number for which record of an RRset comes first.
    mutating func nextRotation() -> UInt32 {
        rotation &+= 1
        return rotation
    }

    private mutating func answerFromCache(
        _ place: Int,
        _ route: RouteID,
        _ query: Query,
        _ context: ReplyContext,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> Int? {
        rotation &+= 1
        let hit = cache?.lookup(
            prepared[place].key,
            now: now,
            available: context.available,
            rotation: rotation,
            into: &reply,
            at: context.questionEnd
        )
        guard let hit else { return nil }
        metrics.count(.cacheHits)
        routeCounters.add(row: Int(routeRows[Int(route.rawValue)]), place: RouteCounter.hits)
        source = .hit
        if hit.fitted.isTruncated { metrics.count(.truncatedReplies) }
        if hit.isDue {
            let key = prepared[place].key
            refresh(key, route, query, now)
        }
        return ReplyWriter.finish(
            &reply,
            context,
            hit.answer.responseCode,
            isAuthoritative: hit.answer.isAuthoritative,
            fitted: hit.fitted
        )
    }

    private mutating func miss(
        _ key: CacheKey,
        _ route: RouteID,
        _ query: Query,
        _ message: borrowing RawSpan,
        _ client: Client,
        _ context: ReplyContext,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        if let refusal = refuseLoop(query, message, context, now, &reply) { return refusal }
        let earlier = rememberedFailure(key, route, snapshot, now)
        if let text = earlier?.text {
            return .reply(answerFailureAgain(key, query, context, text, now, &reply))
        }
        guard query.flags.recursionDesired else {
            // RFC 8914 §4.21 asks for this code with this refusal.
            return refuse(
                &reply,
                context,
                .notAuthoritative,
                "not in the cache, and recursion was not desired"
            )
        }
        metrics.count(.cacheMisses)
        routeCounters.add(row: Int(routeRows[Int(route.rawValue)]), place: RouteCounter.misses)
        var at = WireLimits.headerLength
        guard let qname = try? DomainName(message, at: &at) else { return .drop }
        var waiter = Waiter(ClientHash(client.address, seed: hashSeed), context, qname, query.qtype)
        waiter.askedAt = exactTime(now)
        if let same = pending.find(key) {
            if same.isLate, let stale = staleAnswer(key, now),
                let length = write(stale, context, reason: lateReason(same), &reply)
            {
                source = .stale
                return .reply(length)
            }
            guard let id = add(waiter, to: same) else {
                return overload(key, context, overWaiters(waiter), now, &reply)
            }
            metrics.count(.mergedQueries)
            output.admitted(id)
            return .pending
        }
        guard mayWait(waiter) else { return overload(key, context, overWaiters(waiter), now, &reply) }
        guard let new = start(key, qname.folded, query, route, earlier, now) else {
            return overload(key, context, overQueries(snapshot.table, route), now, &reply)
        }
        guard let id = add(waiter, to: new) else {
            settle(new)
            return overload(key, context, overWaiters(waiter), now, &reply)
        }
        if query.pathOffset != 0 { new.path = path(of: query, message) }
        output.admitted(id)
        begin(new, now)
        return .pending
    }

    /// Makes a pending query of a client's question; nil when too many are in flight.
    mutating func start(
        _ key: CacheKey,
        _ qname: DomainName,
        _ query: Query,
        _ route: RouteID,
        _ earlier: RememberedFailure?,
        _ now: UInt64,
        pushesOut: Bool = true
    ) -> PendingQuery? {
        guard let new = start(key, qname, query.qtype, route, now, pushesOut: pushesOut) else { return nil }
        let isMapped = snapshot.table.isMapped(route)
        new.dnssecOK = query.edns.dnssecOK && !isMapped
        new.checkingDisabled = query.flags.checkingDisabled && !isMapped
        new.earlierFailures = earlier?.count ?? 0
        return new
    }

    /// Lets a waiter wait for a question; nil when too many do, in all, for this one, or of one client.
    mutating func add(_ waiter: Waiter, to query: PendingQuery) -> WaiterID? {
        guard query.waiterCount < ForwardingLimits.waitersPerQueryMax, mayWait(waiter),
            let id = waiters.append(waiter, to: &query.waiters)
        else { return nil }
        query.waiterCount += 1
        return id
    }

    /// Whether fewer queries of the waiter's client wait than may.
    private func mayWait(_ waiter: Waiter) -> Bool {
        waiters.count(of: waiter.client) < snapshot.waitingPerClient
    }

    /// Why no further question can be asked.
    func overQueries(_ table: RoutingTable, _ route: RouteID) -> Failure {
        pending.count < ForwardingLimits.pendingQueriesMax
            ? .overBudget(table.routes[Int(route.rawValue)]) : .overPending
    }

    /// Why nobody more can wait for a question.
    func overWaiters(_ waiter: Waiter) -> Failure {
        guard mayWait(waiter) else { return .overClient }
        return waiters.count < ForwardingLimits.waitersMax ? .overWaiting : .overPending
    }

    /// Answers a failure that is remembered (RFC 9520 §3.2), stale where it can be; returns the reply's octets.
    private mutating func answerFailureAgain(
        _ key: CacheKey,
        _ query: Query,
        _ context: ReplyContext,
        _ text: String,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> Int {
        if query.flags.recursionDesired, let stale = staleAnswer(key, now),
            let length = write(stale, context, reason: text, &reply)
        {
            source = .stale
            return length
        }
        source = .failed
        metrics.count(.cachedFailures)
        metrics.count(.failures)
        return ReplyWriter.finishEmpty(&reply, context, Failure(code: .cachedError, text: text))
    }

    /// Turns a question away that cannot be asked now: with a stale answer, or with the failure, which is not
    /// remembered.
    private mutating func overload(
        _ key: CacheKey,
        _ context: ReplyContext,
        _ failure: Failure,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        metrics.count(.overloads)
        if let stale = staleAnswer(key, now),
            let length = write(stale, context, reason: failure.text, &reply)
        {
            source = .stale
            return .reply(length)
        }
        source = .failed
        metrics.count(.failures)
        return .reply(ReplyWriter.finishEmpty(&reply, context, failure))
    }

    private func refuseClient(_ reply: inout MutableRawSpan, _ context: ReplyContext) -> QueryOutcome {
        refuse(&reply, context, .prohibited, "this client's address is not in access.allow")
    }

    func refuse(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        _ code: ExtendedErrorCode,
        _ text: String
    ) -> QueryOutcome {
        metrics.count(.refusals)
        var failure = Failure(code: code, text: text)
        failure.responseCode = .refused
        return .reply(ReplyWriter.finishEmpty(&reply, context, failure))
    }

    /// Types that are no data: transfers are refused, the rest is not implemented (RFC 6895 §3.1, RFC 8906 §3.1).
    private func answerMetaType(
        _ query: Query,
        _ context: ReplyContext,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        if query.qtype == .axfr || query.qtype == .ixfr {
            return refuse(&reply, context, .notSupported, Explainer.noTransfers)
        }
        metrics.count(.malformed)
        var failure = Failure(code: .notSupported, text: Explainer.noSuchType)
        failure.responseCode = query.qtype == .opt ? .formErr : .notImp
        return .reply(ReplyWriter.finishEmpty(&reply, context, failure))
    }
}
