public import AnswerCache
import DNSWire
public import Metrics
import Routing

/// The life of a query without sockets and clocks: octets and a time in, replies and sends out.
///
/// One per worker, used on its thread only. Time is in milliseconds of a clock that never goes back. A value that is
/// not copied, so that its owner's one access to it is all that is checked at run time.
public struct Forwarder: ~Copyable {
    let snapshot: ForwardingSnapshot
    // The snapshot's, at hand: what is reached through another object is retained for each query.
    private let table: RoutingTable
    /// Shared by all workers; nil when nothing is to be cached.
    let cache: AnswerCache?
    /// Failures, apart from answers (RFC 9520).
    let failures: AnswerCache
    let metrics: WorkerMetrics
    let output: any ForwarderOutput
    var random: any RandomNumberGenerator
    var pending = PendingQueries()
    var waiters = Waiters(limit: ForwardingLimits.waitersMax)
    var wheel: TimerWheel
    /// Servers that are suspected or down, as far as this worker has found out.
    var watchlist = Watchlist()
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
    let hashSeed: UInt64

    /// - Parameter random: message IDs come from it; a cryptographic one outside of tests (RFC 5452 §9.2).
    public init(
        snapshot: ForwardingSnapshot,
        cache: AnswerCache?,
        failures: AnswerCache,
        metrics: WorkerMetrics,
        output: any ForwarderOutput,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        now: UInt64
    ) {
        self.snapshot = snapshot
        table = snapshot.table
        self.cache = cache
        self.failures = failures
        self.metrics = metrics
        self.output = output
        self.random = random
        wheel = TimerWheel(now: now)
        hashSeed = failures.seed
    }

    /// Whether questions are in flight, so that `expire` must be called about every 10 ms.
    public var hasPending: Bool { pending.count > 0 }

    /// Whether clients wait for any of them.
    public var hasWaiting: Bool { waiters.count > 0 }

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
        switch prepared[place].verdict {
        case .drop:
            metrics.count(.drops)
            return .drop
        case .reject(let query, let code):
            let context = ReplyContext(query, isStream: client.isStream)
            reply.copy(message.extracting(first: context.questionEnd), at: 0)
            guard snapshot.allowed.contains(client.address) else { return refuseClient(&reply, context) }
            metrics.count(.malformed)
            let length = ReplyWriter.finish(&reply, context, code, isAuthoritative: false, fitted: .none)
            return .reply(length)
        case .query(let query):
            return answer(query, message, place, client, now, &reply)
        }
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
            if let length = answerFromCache(place, context, now, &reply) { return .reply(length) }
            return miss(prepared[place].key, route, query, message, context, now, &reply)
        case .local(let local):
            return answerLocally(local, query, message, context, &reply)
        case nil where query.qclass == .internet:
            return answerMetaType(query, context, &reply)
        case nil:
            return answerOtherClass(query, message, client, context, &reply)
        }
    }

    private mutating func answerFromCache(
        _ place: Int,
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
        if hit.fitted.isTruncated { metrics.count(.truncatedReplies) }
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
        _ context: ReplyContext,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        if let length = answerFromFailures(key, context, now, &reply) { return .reply(length) }
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
        var at = WireLimits.headerLength
        guard let qname = try? DomainName(message, at: &at) else { return .drop }
        let waiter = Waiter(.client(context), qname, query.qtype)
        if let same = pending.find(key) {
            guard let id = add(waiter, to: same) else { return overload(&reply, context, overWaiters) }
            metrics.count(.mergedQueries)
            output.admitted(id)
            return .pending
        }
        guard let new = start(key, qname.folded, query.qtype, route, now) else {
            return overload(&reply, context, overQueries(snapshot.table, route))
        }
        guard let id = add(waiter, to: new) else {
            settle(new)
            return overload(&reply, context, overWaiters)
        }
        new.dnssecOK = query.edns.dnssecOK && !snapshot.table.isMapped(route)
        new.checkingDisabled = query.flags.checkingDisabled && !snapshot.table.isMapped(route)
        output.admitted(id)
        begin(new, now)
        return .pending
    }

    /// Lets a waiter wait for a question; nil when too many do, in all or for this one.
    mutating func add(_ waiter: Waiter, to query: PendingQuery) -> WaiterID? {
        guard query.waiterCount < ForwardingLimits.waitersPerQueryMax,
            let id = waiters.append(waiter, to: &query.waiters)
        else { return nil }
        query.waiterCount += 1
        return id
    }

    /// Why no further question can be asked.
    func overQueries(_ table: RoutingTable, _ route: RouteID) -> Failure {
        pending.count < ForwardingLimits.pendingQueriesMax
            ? .overBudget(table.routes[Int(route.rawValue)]) : .overPending
    }

    /// Why nobody more can wait for a question.
    var overWaiters: Failure {
        waiters.count < ForwardingLimits.waitersMax ? .overWaiting : .overPending
    }

    private func overload(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        _ failure: Failure
    ) -> QueryOutcome {
        metrics.count(.overloads)
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
            return refuse(&reply, context, .notSupported, "zone transfers are not served here")
        }
        metrics.count(.malformed)
        var failure = Failure(code: .notSupported, text: "this query type cannot be forwarded")
        failure.responseCode = query.qtype == .opt ? .formErr : .notImp
        return .reply(ReplyWriter.finishEmpty(&reply, context, failure))
    }
}

// MARK: - Failures

extension Forwarder {
    /// Writes a remembered failure (RFC 9520 §3.2); nil when there is none.
    private mutating func answerFromFailures(
        _ key: CacheKey,
        _ context: ReplyContext,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> Int? {
        guard let text = Self.failureText(failures, &replyBuffer, key, now) else { return nil }
        metrics.count(.cachedFailures)
        metrics.count(.failures)
        return ReplyWriter.finishEmpty(&reply, context, Failure(code: .cachedError, text: text))
    }

    // The buffer is a parameter, because a span into it would keep the whole forwarder from being used.
    private static func failureText(
        _ failures: AnswerCache,
        _ buffer: inout WireBuffer,
        _ key: CacheKey,
        _ now: UInt64
    ) -> String? {
        var bytes = buffer.mutableBytes
        let available = ForwardingLimits.errorTextMax
        guard
            let hit = failures.lookup(key, now: now, available: available, rotation: 0, into: &bytes, at: 0)
        else { return nil }
        return String(decoding: bytes.readable.extracting(first: hit.fitted.length).toArray(), as: UTF8.self)
    }

    /// Remembers a failure, apart from answers, so that it neither replaces nor hides one.
    func remember(_ failure: Failure, _ key: CacheKey, now: UInt64) {
        guard failure.isCacheable else { return }
        let text = Array(failure.text.utf8(atMost: ForwardingLimits.errorTextMax))
        let answer = CachedAnswer(
            responseCode: .servFail,
            answerLength: text.count,
            authorityEnd: text.count,
            length: text.count,
            lifetimeSeconds: ForwardingLimits.failureSeconds
        )
        let none: [UInt16] = []
        failures.insert(key, answer, body: text.wireBytes, ttlOffsets: none.span, now: now)
    }
}
