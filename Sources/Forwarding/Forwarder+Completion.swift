// What happens when a question is settled: cache, waiting clients, CNAME chains (RFC 6604 §3).
import AnswerCache
import DNSWire
import Metrics
import QueryEvents
import Routing

extension Forwarder {
    /// The builder holds the answer of a question: stores it, answers its waiters, continues chains.
    mutating func finish(_ query: PendingQuery, _ now: UInt64) {
        if let cache { store(in: cache, query, now) }
        output.answering(AnswerFacts(.miss, query))
        var parents: [PendingReference] = []
        while let id = waiters.removeFirst(&query.waiters) {
            switch waiters[id].kind {
            case .client(let context):
                reply(context, id)
                countReply(of: query, to: waiters[id], context, now)
            case .pendingQuery(let parent): parents.append(parent)
            }
        }
        settle(query)
        guard !parents.isEmpty else { return }
        let found = FoundTarget(builder)
        for parent in parents {
            guard let waiting = pending[parent] else { continue }
            complete(waiting, with: found, now)
        }
    }

    private func store(in cache: AnswerCache, _ query: PendingQuery, _ now: UInt64) {
        builder.store(in: cache, query.key, since: query.flushCount, now: now)
        if query.earlierFailures > 0 { failures.remove(query.key) }
        if query.isRefresh { query.snapshot.refreshClaims.release(query.key.hash) }
    }

    /// Ends a question without an answer.
    ///
    /// Clients that wait get a stale answer, if there is one (RFC 8767 §5), else the failure, which is remembered apart
    /// from answers.
    mutating func fail(_ query: PendingQuery, _ failure: Failure, _ now: UInt64) {
        let stale = staleAnswer(query.key, now)
        // What the way to a question has used up of the budget says nothing of the question itself.
        let isOwn = !failure.isOfChain || query.inheritedLinks == 0
        if isOwn, query.role == .question { remember(failure, of: query, stale: stale, now) }
        let parents = failClients(query, failure, stale, now)
        settle(query)
        failChains(parents, failure, now)
    }

    /// Tells the clients that wait for a question that they get nothing better; the chains that wait are left to the
    /// caller.
    mutating func failClients(
        _ query: PendingQuery,
        _ failure: Failure,
        _ stale: StaleAnswer?,
        _ now: UInt64
    ) -> [PendingReference] {
        var parents: [PendingReference] = []
        output.answering(AnswerFacts(stale == nil ? .failed : .stale, query))
        while let id = waiters.removeFirst(&query.waiters) {
            switch waiters[id].kind {
            case .client(let context):
                if let stale, reply(stale, context, id, reason: failure.text) {
                    countReply(of: query, to: waiters[id], context, now)
                    continue
                }
                metrics.count(.failures)
                Self.replyFailure(&replyBuffer, waiters[id], context, failure, output, id)
                countReply(of: query, to: waiters[id], context, now)
            case .pendingQuery(let parent): parents.append(parent)
            }
        }
        query.waiterCount = 0
        return parents
    }

    /// Ends the chains whose target could not be resolved.
    mutating func failChains(_ parents: [PendingReference], _ failure: Failure, _ now: UInt64) {
        for parent in parents {
            guard let waiting = pending[parent] else { continue }
            fail(waiting, failure, now)
        }
    }

    /// Takes a question out of all tables.
    mutating func settle(_ query: PendingQuery) {
        wheel.remove(query.place)
        pending.remove(query)
        // An idle place would keep an old snapshot alive.
        if query.snapshot !== snapshot { query.snapshot = snapshot }
    }

    private mutating func reply(_ context: ReplyContext, _ id: WaiterID) {
        if Self.reply(builder, &replyBuffer, waiters[id], context, output, id) {
            metrics.count(.truncatedReplies)
        }
    }

    private static func reply(
        _ builder: borrowing AnswerBuilder,
        _ buffer: inout WireBuffer,
        _ waiter: Waiter,
        _ context: ReplyContext,
        _ output: any ForwarderOutput,
        _ id: WaiterID
    ) -> Bool {
        var bytes = buffer.mutableBytes
        let (length, isTruncated) = builder.render(
            waiter.qname,
            waiter.qtype,
            .internet,
            context,
            into: &bytes
        )
        output.reply(bytes.readable.extracting(first: length), to: id)
        return isTruncated
    }

    private static func replyFailure(
        _ buffer: inout WireBuffer,
        _ waiter: Waiter,
        _ context: ReplyContext,
        _ failure: Failure,
        _ output: any ForwarderOutput,
        _ id: WaiterID
    ) {
        var bytes = buffer.mutableBytes
        ReplyWriter.writeQuestion(&bytes, context, waiter.qname, waiter.qtype)
        let length = ReplyWriter.finishEmpty(&bytes, context, failure)
        output.reply(bytes.readable.extracting(first: length), to: id)
    }
}

// MARK: - CNAME chains over several routes

extension Forwarder {
    /// The builder holds the links of a chain that leaves the route: resolves its target by the target's own route.
    mutating func chase(_ query: PendingQuery, _ target: DomainName, links: Int, _ now: UInt64) {
        query.chainLinks += links
        guard query.inheritedLinks + query.chainLinks <= ForwardingLimits.chainLinksMax else {
            return fail(query, .chainTooLong, now)
        }
        query.chain = builder.copyMessage()
        // Its servers have done their part: late responses must not restart it.
        for i in 0..<query.attemptCount {
            pending.forget(query, attempt: i)
            query.attempts[i].isOpen = false
        }
        query.lastFault = nil
        var key = CacheKey(target)
        let route: RouteID
        switch query.snapshot.table.decide(target.bytes, query.qtype) {
        case .local(let local):
            do throws(BuildError) {
                try build(local, target, query.qtype)
            } catch {
                return fail(query, .answerTooLong(query.routeInfo), now)
            }
            return complete(query, with: FoundTarget(builder), now)
        case .forward(let found): route = found
        }
        let table = query.snapshot.table
        key.finish(
            query.qtype,
            table,
            route,
            dnssecOK: query.dnssecOK,
            checkingDisabled: query.checkingDisabled,
            seed: hashSeed
        )
        if let message = cachedMessage(key, target, query.qtype, now) {
            return complete(query, with: message, now)
        }
        let earlier = rememberedFailure(key, route, query.snapshot, now)
        if let text = earlier?.text { return fail(query, Failure(code: .cachedError, text: text), now) }
        join(query, key, target, route, earlier, now)
    }

    /// Makes a chain wait for the question that resolves its target.
    private mutating func join(
        _ query: PendingQuery,
        _ key: CacheKey,
        _ target: DomainName,
        _ route: RouteID,
        _ earlier: RememberedFailure?,
        _ now: UInt64
    ) {
        let waiter = Waiter(query.reference, target, query.qtype)
        if let same = pending.find(key) {
            guard !isWaiting(same, for: query) else { return fail(query, .chainLoop, now) }
            guard add(waiter, to: same) != nil else {
                return fail(query, overWaiters(waiter), now)
            }
            query.waitsFor = same.place
            wheel.set(query.place, at: query.wakesAt, now: now)
            return
        }
        // The oldest question may be the one that waits here.
        let new = start(key, target, query.qtype, route, now, query.snapshot, pushesOut: false)
        guard let new else {
            return fail(query, overQueries(query.snapshot.table, route), now)
        }
        guard add(waiter, to: new) != nil else {
            settle(new)
            return fail(query, overWaiters(waiter), now)
        }
        metrics.count(.cacheMisses)
        new.dnssecOK = query.dnssecOK && !query.snapshot.table.isMapped(route)
        new.checkingDisabled = query.checkingDisabled && !query.snapshot.table.isMapped(route)
        new.earlierFailures = earlier?.count ?? 0
        // A chain of chains shares one budget of links, so that it ends.
        new.path = query.path
        new.inheritedLinks = query.inheritedLinks + query.chainLinks
        query.waitsFor = new.place
        wheel.set(query.place, at: query.wakesAt, now: now)
        begin(new, now)
    }

    /// Whether `query` is `other`, or waits for it through any number of chains.
    private func isWaiting(_ query: PendingQuery, for other: PendingQuery) -> Bool {
        var place: Int? = query.place
        for _ in 0...ForwardingLimits.chainLinksMax {
            guard let current = place else { return false }
            if current == other.place { return true }
            place = pending[current].waitsFor
        }
        return true
    }

    /// The answer in the cache as a whole message.
    private mutating func cachedMessage(
        _ key: CacheKey,
        _ name: DomainName,
        _ qtype: RecordType,
        _ now: UInt64
    ) -> FoundTarget? {
        guard let cache else { return nil }
        return Self.cachedMessage(cache, &replyBuffer, key, name, qtype, now)
    }

    private static func cachedMessage(
        _ cache: AnswerCache,
        _ buffer: inout WireBuffer,
        _ key: CacheKey,
        _ name: DomainName,
        _ qtype: RecordType,
        _ now: UInt64
    ) -> FoundTarget? {
        var bytes = buffer.mutableBytes
        let end = WireLimits.headerLength + name.length + 4
        bytes.copy(name.bytes, at: WireLimits.headerLength)
        bytes.store(qtype.rawValue, at: end - 4)
        bytes.store(RecordClass.internet.rawValue, at: end - 2)
        let available = WireLimits.messageLength - end
        guard
            let hit = cache.lookup(key, now: now, available: available, rotation: 0, into: &bytes, at: end),
            !hit.fitted.isTruncated
        else { return nil }
        Header(
            id: MessageID(rawValue: 0),
            flags: HeaderFlags(rawValue: HeaderFlags.response | hit.answer.responseCode.rawValue & 0xF),
            answerCount: hit.fitted.answerCount,
            authorityCount: hit.fitted.authorityCount,
            additionalCount: hit.fitted.additionalCount
        ).write(to: &bytes)
        return FoundTarget(
            message: bytes.readable.extracting(first: end + hit.fitted.length).toArray(),
            lifetime: hit.answer.lifetimeSeconds - min(hit.answer.lifetimeSeconds, hit.ageSeconds)
        )
    }

    /// Puts the answer for the target behind the links of the chain, and settles the question with the result.
    private mutating func complete(_ query: PendingQuery, with tail: FoundTarget, _ now: UInt64) {
        let chain = query.chain
        let links: Int
        do throws(BuildError) {
            links = try builder.compose(
                query.qname,
                query.qtype,
                chain: chain.wireBytes,
                tail: tail.message.wireBytes,
                tailLifetime: tail.lifetime
            )
        } catch {
            return fail(query, .answerTooLong(query.routeInfo), now)
        }
        // The target's answer may be a chain of its own, from the cache or of another question.
        guard links <= ForwardingLimits.chainLinksMax else { return fail(query, .chainTooLong, now) }
        finish(query, now)
    }
}

/// What was found for the target of a chain.
private struct FoundTarget {
    /// A whole message of our own.
    var message: [UInt8]
    /// Seconds for which it may be used.
    var lifetime: UInt32

    init(message: [UInt8], lifetime: UInt32) {
        self.message = message
        self.lifetime = lifetime
    }

    init(_ builder: borrowing AnswerBuilder) {
        message = builder.copyMessage()
        lifetime = builder.answer.lifetimeSeconds
    }
}

extension AnswerBuilder {
    /// Writes an answer of two messages of our own: links of a chain, then all that was found for its target.
    ///
    /// The RCODE is that of the last (RFC 6604 §3). Returns the number of aliases.
    mutating func compose(
        _ qname: DomainName,
        _ qtype: RecordType,
        chain: borrowing RawSpan,
        tail: borrowing RawSpan,
        tailLifetime: UInt32
    ) throws(BuildError) -> Int {
        try begin(qname, qtype)
        guard let chainHeader = Header(chain), let tailHeader = Header(tail) else {
            throw .wire(.truncated)
        }
        let links = try append(chain, chainHeader) + append(tail, tailHeader)
        // What may not be cached may not be cached at the end of a chain, either.
        finish(tailHeader.flags.responseCode, lifetimeMax: tailLifetime)
        return links
    }

    private mutating func append(_ message: borrowing RawSpan, _ header: Header) throws(BuildError) -> Int {
        var links = 0
        do throws(WireError) {
            var cursor = RecordCursor(
                header: header,
                offset: try Message.skipName(message, at: WireLimits.headerLength) + 4
            )
            while let record = try cursor.next(message) {
                var at = record.ownerOffset
                let owner = try DomainName(message, at: &at)
                if record.type == .cname { links += 1 }
                do throws(BuildError) {
                    try append(record, from: message, to: record.section, owner: owner, ttl: record.ttl)
                } catch {
                    throw .messageTooLong
                }
            }
        } catch {
            throw .wire(error)
        }
        return links
    }
}
