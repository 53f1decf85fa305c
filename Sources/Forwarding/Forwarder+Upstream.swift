// Asking servers: choice, sends, responses, timeouts (RFC 5452 §9, RFC 6891 §6.2, RFC 7766 §5, RFC 9520 §3.1).
import AnswerCache
import DNSWire
import Metrics
public import Routing

extension Forwarder {
    /// Makes a pending query; nil when too many are in flight.
    mutating func start(
        _ key: CacheKey,
        _ qname: DomainName,
        _ qtype: RecordType,
        _ route: RouteID,
        _ now: UInt64,
        _ snapshot: ForwardingSnapshot? = nil
    ) -> PendingQuery? {
        let snapshot = snapshot ?? self.snapshot
        guard let new = pending.add(key, snapshot: snapshot, route: route) else { return nil }
        new.qname = qname
        new.qtype = qtype
        new.deadline = now + ForwardingLimits.deadlineMilliseconds
        new.recoveries = snapshot.routeStates[Int(route.rawValue)].recoveries
        setStaleTimer(new, now)
        return new
    }

    /// Maps the name and asks the first server.
    mutating func begin(_ query: PendingQuery, _ now: UInt64) {
        let route = query.routeInfo
        guard let name = route.mapping.map({ $0.upstreamName(query.qname) }) ?? query.qname else {
            var failure = Failure.mappedNameTooLong(route)
            // As for DNAME (RFC 6672 §2.2).
            failure.responseCode = .yxDomain
            failure.isCacheable = false
            return fail(query, failure, now)
        }
        query.upstreamName = name
        askNext(query, now)
    }

    /// Asks the server whose turn it is.
    ///
    /// Without one, waits for open attempts, or fails.
    mutating func askNext(_ query: PendingQuery, _ now: UInt64) {
        while let position = nextUpstream(query, now) {
            let upstream = query.routeInfo.upstreams[position]
            let transport = query.snapshot.table.upstreams[Int(upstream.rawValue)].transport
            if send(query, upstream, position, transport, now) { return setTimer(query, now) }
            query.failedUpstreams |= 1 << UInt64(position)
            query.lastFault = (upstream, .network)
        }
        let isWaiting = (0..<query.attemptCount).contains { query.attempts[$0].isOpen }
        if isWaiting { return setTimer(query, now) }
        fail(query, failure(of: query), now)
    }

    /// The place in the route of the server to ask: least asked first, those up before those down, then in order.
    private func nextUpstream(_ query: PendingQuery, _ now: UInt64) -> Int? {
        guard query.attemptCount < ForwardingLimits.attemptsMax else { return nil }
        var best: Int? = nil
        var bestRank = Int.max
        for (position, upstream) in query.routeInfo.upstreams.prefix(64).enumerated() {
            guard query.failedUpstreams & (1 << UInt64(position)) == 0 else { continue }
            let sends = sends(query, to: position)
            guard sends < ForwardingLimits.sendsPerUpstreamMax else { continue }
            let rank = sends * 2 + (upstreams[Int(upstream.rawValue)].isDown(now: now) ? 1 : 0)
            if rank < bestRank {
                best = position
                bestRank = rank
            }
        }
        return best
    }

    /// Sends the question; false when the system did not take it.
    private mutating func send(
        _ query: PendingQuery,
        _ upstream: UpstreamID,
        _ position: Int,
        _ transport: UpstreamTransport,
        withEDNS: Bool = true,
        _ now: UInt64
    ) -> Bool {
        guard query.attemptCount < ForwardingLimits.attemptsMax, let id = freshID(upstream, transport) else {
            return false
        }
        let state = upstreams[Int(upstream.rawValue)]
        let hasEDNS = withEDNS && !state.isPlain(now: now)
        guard writeQuery(query, id, hasEDNS: hasEDNS, over: transport) else { return false }
        guard let token = output.send(queryWriter.bytes, to: upstream, over: transport) else { return false }
        metrics.count(.upstreamQueries)
        upstreams[Int(upstream.rawValue)].sent(now: now)
        let sends = sends(query, to: position)
        let wait =
            transport != .udp ? ForwardingLimits.streamTimeoutMilliseconds : state.timeout(sends: sends)
        query.attempts[query.attemptCount] = Attempt(
            upstream: upstream,
            position: position,
            id: id,
            token: token,
            transport: transport,
            sentAt: now,
            timeoutAt: now + wait,
            hasEDNS: hasEDNS,
            isWithoutEDNSOnTrial: !withEDNS,
            isOpen: true
        )
        pending.register(query, attempt: query.attemptCount)
        query.attemptCount += 1
        return true
    }

    /// How often the server at this place of the route has been asked, over one transport or any.
    private func sends(
        _ query: PendingQuery,
        to position: Int,
        over transport: UpstreamTransport? = nil
    ) -> Int {
        (0..<query.attemptCount).count {
            let attempt = query.attempts[$0]
            return attempt.position == position && (transport == nil || attempt.transport == transport)
        }
    }

    /// An ID that no open query to this server has, from all 65,536 (RFC 5452 §9.2).
    private mutating func freshID(_ upstream: UpstreamID, _ transport: UpstreamTransport) -> MessageID? {
        for _ in 0..<16 {
            let id = MessageID(rawValue: UInt16(truncatingIfNeeded: random.next()))
            if pending.isFree(upstream, transport, id) { return id }
        }
        return nil
    }

    private mutating func setTimer(_ query: PendingQuery, _ now: UInt64) {
        var wake = query.wakesAt
        for i in 0..<query.attemptCount where query.attempts[i].isOpen && !query.attempts[i].isOverdue {
            wake = min(wake, query.attempts[i].timeoutAt)
        }
        wheel.set(query.place, at: wake, now: now)
    }
}

// MARK: - Responses

extension Forwarder {
    /// Handles a server's message.
    ///
    /// One that matches no open query is counted and ignored (RFC 5452 §9.1).
    ///
    /// - Parameters:
    ///   - token: the socket or connection it came through.
    ///   - isCut: the datagram was longer than the buffer.
    public mutating func handle(
        response message: borrowing RawSpan,
        from upstream: UpstreamID,
        over transport: UpstreamTransport,
        via token: SocketToken,
        isCut: Bool = false,
        now: UInt64
    ) {
        guard let header = Header(message), header.flags.isResponse, header.flags.opcode == 0,
            let (query, index) = pending.find(upstream, transport, header.id),
            query.attempts[index].isOpen, query.attempts[index].token == token,
            isAnswer(to: query, message, header)
        else { return metrics.count(.upstreamMismatches) }

        let attempt = query.attempts[index]
        query.attempts[index].isOpen = false
        pending.forget(query, attempt: index)
        upstreams[Int(upstream.rawValue)].answered(afterMilliseconds: now - attempt.sentAt)
        if attempt.hasEDNS, rejectsEDNS(header) {
            return resendWithoutEDNS(query, attempt, header.flags.responseCode, now)
        }
        if attempt.isWithoutEDNSOnTrial, !rejectsEDNS(header) {
            // The same question without OPT was taken: OPT was the reason (RFC 6891 §6.2.2).
            upstreams[Int(upstream.rawValue)].rememberPlain(now: now)
        }
        if isCut || header.flags.isTruncated, transport == .udp {
            metrics.count(.upstreamTruncations)
            return resend(query, attempt, .tcp, withEDNS: attempt.hasEDNS, orElse: .network, now)
        }
        // A stream has room for every answer: this one is not whole.
        if header.flags.isTruncated { return fault(query, attempt, .malformed, now) }
        guard header.questionCount == 1 else {
            return fault(query, attempt, .responseCode(header.flags.responseCode), now)
        }
        switch processor.process(message, header, query.context, into: &builder) {
        case .answer:
            metrics.count(.upstreamResponses)
            // Without OPT there was no DO, and no signatures came: not what others who set DO should get.
            if query.dnssecOK, !attempt.hasEDNS { builder.setLifetime(0) }
            finish(query, now)
        case .chase(let target, let links):
            metrics.count(.upstreamResponses)
            chase(query, target, links: links, now)
        case .fault(.responseCode(.badVers)) where attempt.hasEDNS:
            resendWithoutEDNS(query, attempt, .badVers, now)
        case .fault(let reason):
            fault(query, attempt, reason, now)
        case .failure(let failure):
            metrics.count(.upstreamInvalid)
            fail(query, failure, now)
        }
    }

    /// Asks the same server again in another manner, if it was not asked too often that way already.
    mutating func resend(
        _ query: PendingQuery,
        _ attempt: Attempt,
        _ transport: UpstreamTransport,
        withEDNS: Bool,
        orElse reason: UpstreamFault,
        _ now: UInt64
    ) {
        if sends(query, to: attempt.position, over: transport) < ForwardingLimits.sendsPerUpstreamMax,
            send(query, attempt.upstream, attempt.position, transport, withEDNS: withEDNS, now)
        {
            return setTimer(query, now)
        }
        fault(query, attempt, reason, now)
    }

    /// Takes a server out of this question and asks the next.
    mutating func fault(_ query: PendingQuery, _ attempt: Attempt, _ reason: UpstreamFault, _ now: UInt64) {
        metrics.count(.upstreamFailures)
        query.failedUpstreams |= 1 << UInt64(attempt.position)
        query.lastFault = (attempt.upstream, reason)
        // The next server may have been asked already, when this one was late.
        let isAsked = (0..<query.attemptCount).contains {
            query.attempts[$0].isOpen && !query.attempts[$0].isOverdue
        }
        if isAsked { return setTimer(query, now) }
        askNext(query, now)
    }

    /// Says that a socket or connection failed: what went through it is asked elsewhere.
    ///
    /// A connection that had been open may have been closed for being idle or old, which says nothing of its
    /// server (RFC 7766 §6.2.4): then the same server is asked once more.
    ///
    /// - Parameter tls: what was wrong, when the connection could not be had because of TLS.
    public mutating func failed(
        _ upstream: UpstreamID,
        via token: SocketToken,
        wasOpen: Bool,
        tls: TLSFault? = nil,
        now: UInt64
    ) {
        for (query, index) in pending.attempts(upstream, token) where query.attempts[index].isOpen {
            query.attempts[index].isOpen = false
            let attempt = query.attempts[index]
            pending.forget(query, attempt: index)
            if wasOpen, sends(query, to: attempt.position) < ForwardingLimits.sendsPerUpstreamMax {
                resend(query, attempt, attempt.transport, withEDNS: attempt.hasEDNS, orElse: .network, now)
                continue
            }
            upstreams[Int(upstream.rawValue)].failed(now: now)
            fault(query, attempt, tls.map(UpstreamFault.tls) ?? .network, now)
        }
    }

    /// Lets time pass: overdue servers are asked again or passed over, overdue questions fail.
    public mutating func expire(now: UInt64) {
        while let place = wheel.nextDue(now) {
            let query = pending[place]
            guard query.isActive else { continue }
            if now >= query.deadline {
                timeOut(query, now)
                fail(query, failure(of: query), now)
                continue
            }
            if now >= query.staleAt { answerLate(query, now) }
            if timeOut(query, now) { askNext(query, now) } else { setTimer(query, now) }
        }
    }

    /// Marks the attempts whose time is up; true when there was one.
    @discardableResult
    private mutating func timeOut(_ query: PendingQuery, _ now: UInt64) -> Bool {
        var any = false
        for i in 0..<query.attemptCount {
            let attempt = query.attempts[i]
            guard attempt.isOpen, !attempt.isOverdue, now >= min(attempt.timeoutAt, query.deadline) else {
                continue
            }
            query.attempts[i].isOverdue = true
            query.lastFault = (attempt.upstream, .timeout)
            upstreams[Int(attempt.upstream.rawValue)].failed(now: now)
            metrics.count(.upstreamTimeouts)
            any = true
        }
        return any
    }

    /// Why the question failed, naming route and server.
    func failure(of query: PendingQuery) -> Failure {
        let route = query.routeInfo
        guard let (upstream, fault) = query.lastFault else {
            if query.waitsFor != nil {
                return Failure(
                    code: .other,
                    text: "\(route.label): the target of a CNAME was not resolved in time"
                )
            }
            if route.upstreams.isEmpty, let name = route.unresolvedName { return .unresolved(route, name) }
            return Failure(code: .noReachableAuthority, text: "\(route.label): no server could be asked")
        }
        let server = query.snapshot.table.upstreams[Int(upstream.rawValue)]
        let others = route.upstreams.count > 1 ? ", and none of the others answered" : ""
        let code = others.isEmpty ? fault.code : .noReachableAuthority
        return Failure(code: code, text: "\(route.label): \(server) \(fault.sentence(of: server))\(others)")
    }
}
