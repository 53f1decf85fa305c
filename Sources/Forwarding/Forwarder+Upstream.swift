// Asking servers: choice, sends, responses, timeouts (RFC 5452 §9, RFC 6891 §6.2, RFC 7766 §5, RFC 9520 §3.1).
import AnswerCache
import DNSWire
import Metrics
public import Routing

extension Forwarder {
    /// Sends the question; false when the system did not take it.
    mutating func send(
        _ query: PendingQuery,
        _ upstream: UpstreamID,
        _ position: Int,
        _ transport: UpstreamTransport,
        withEDNS: Bool = true,
        _ now: UInt64
    ) -> Bool {
        guard query.attemptCount < ForwardingLimits.attemptsMax else { return false }
        let bit: UInt64 = 1 << UInt64(position)
        let isConfirming = query.confirming & bit != 0
        let sends = sends(query, to: position)
        let state = query.withHealth(of: upstream) { ServerState($0, sends: sends, now: now) }
        let needsStream = transport == .udp && !isConfirming && state.needsStream
        let transport = needsStream ? .tcp : transport
        if needsStream { query.confirming |= bit }
        if state.isLoopProbeDue { probeLoop(query.routeInfo, upstream, transport, now) }
        guard let random = freshID(upstream, transport) else { return false }
        let hasEDNS = withEDNS && !state.isPlain
        let marks = writeQuery(
            query,
            random,
            upstream,
            tag: state.tag,
            hasRandomCase: transport == .udp && !isConfirming && !state.foldsCase,
            hasEDNS: hasEDNS,
            over: transport,
            now
        )
        guard let marks else { return false }
        guard let token = output.send(queryWriter.bytes, to: upstream, over: transport) else { return false }
        metrics.count(.upstreamQueries)
        count(UpstreamCounter.sent, of: upstream)
        var wait = transport != .udp ? ForwardingLimits.streamTimeoutMilliseconds : state.timeout
        if transport == .udp, sends + 2 == ForwardingLimits.sendsPerUpstreamMax,
            isLastUp(upstream, query, now)
        {
            wait = max(wait, ForwardingLimits.lastSendMilliseconds)
        }
        if transport == .tcp, query.confirming & query.foldedBy & bit != 0 {
            wait = ForwardingLimits.confirmMilliseconds
        }
        query.attempts[query.attemptCount] = Attempt(
            upstream: upstream,
            position: position,
            id: MessageID(rawValue: UInt16(truncatingIfNeeded: random)),
            token: token,
            transport: transport,
            sentAt: now,
            sentAtMicroseconds: exactTime(now),
            timeoutAt: now + wait,
            hasEDNS: hasEDNS,
            nameCase: marks.nameCase,
            clientCookie: marks.clientCookie,
            isWithoutEDNSOnTrial: !withEDNS,
            isLastResort: transport == .udp && isConfirming,
            isOpen: true
        )
        pending.register(query, attempt: query.attemptCount)
        query.attemptCount += 1
        return true
    }

    /// How often the server at this place of the route has been asked, over one transport or any.
    func sends(
        _ query: PendingQuery,
        to position: Int,
        over transport: UpstreamTransport? = nil
    ) -> Int {
        (0..<query.attemptCount).count {
            let attempt = query.attempts[$0]
            return attempt.position == position && (transport == nil || attempt.transport == transport)
        }
    }

    /// A random number whose lower 16 bits are an ID that no open query to this server has (RFC 5452 §9.2).
    mutating func freshID(_ upstream: UpstreamID, _ transport: UpstreamTransport) -> UInt64? {
        for _ in 0..<16 {
            let number = random.next()
            let id = MessageID(rawValue: UInt16(truncatingIfNeeded: number))
            if pending.isFree(upstream, transport, id) { return number }
        }
        return nil
    }
}

// MARK: - Responses

extension Forwarder {
    /// Handles a server's message.
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
        guard let (query, index, header) = match(message, upstream, transport, token, isCut: isCut, now)
        else { return }
        let attempt = query.attempts[index]
        // Forgotten while open, so that a second copy of the answer is known for what it is.
        pending.forget(query, attempt: index)
        query.attempts[index].isOpen = false
        if attempt.hasEDNS, rejectsEDNS(header) {
            noteAnswer(query, attempt, .other, now)
            return resendWithoutEDNS(query, attempt, header.flags.responseCode, now)
        }
        if attempt.isWithoutEDNSOnTrial, !rejectsEDNS(header) {
            // The same question without OPT was taken: OPT was the reason (RFC 6891 §6.2.2).
            query.snapshot.health[Int(upstream.rawValue)].rememberPlain(now: now)
        }
        if isCut || header.flags.isTruncated, transport == .udp {
            noteAnswer(query, attempt, .truncated, now)
            metrics.count(.upstreamTruncations)
            return resend(query, attempt, .tcp, withEDNS: attempt.hasEDNS, orElse: .network, now)
        }
        let verdict = verdict(of: message, header, query, attempt)
        noteAnswer(query, attempt, AnswerGrade(verdict), now)
        if query.role == .probe { return settle(query) }
        switch verdict {
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
        case .fault(.responseCode(.badCookie)) where attempt.clientCookie != 0:
            resendWithNewCookie(query, attempt, now)
        case .fault(let reason):
            fault(query, attempt, reason, now)
        case .failure(let failure):
            metrics.count(.upstreamInvalid)
            fail(query, failure, now)
        }
    }

    private mutating func verdict(
        of message: borrowing RawSpan,
        _ header: Header,
        _ query: PendingQuery,
        _ attempt: Attempt
    ) -> ResponseVerdict {
        // A stream has room for every answer: this one is not whole.
        if header.flags.isTruncated { return .fault(.malformed) }
        guard header.questionCount == 1 else { return .fault(.responseCode(header.flags.responseCode)) }
        return process(message, header, query, attempt)
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
        let isCookie = reason.isOfNetwork && query.wrongCookies & attempt.bit != 0
        query.lastFault = (attempt.upstream, isCookie ? .cookie : reason)
        if askAsLastResort(query, attempt, reason, now) { return }
        // The next server may have been asked already, when this one was late.
        if isAsked(query) { return setTimer(query, now) }
        askNext(query, now)
    }

    /// Says that a socket or connection failed: what went through it is asked elsewhere.
    ///
    /// A connection that had been open may have been closed for being idle or old, which says nothing of its
    /// server (RFC 7766 §6.2.4): then the same server is asked once more; for nothing, when it had brought an answer.
    ///
    /// - Parameter tls: what was wrong, when the connection could not be had because of TLS.
    public mutating func failed(
        _ upstream: UpstreamID,
        via token: SocketToken,
        _ end: ConnectionEnd,
        tls: TLSFault? = nil,
        now: UInt64
    ) {
        for (query, index) in pending.attempts(upstream, token) where query.attempts[index].isOpen {
            query.attempts[index].isOpen = false
            let attempt = query.attempts[index]
            pending.forget(query, attempt: index)
            if end != .notOpened, sends(query, to: attempt.position) < ForwardingLimits.sendsPerUpstreamMax,
                end == .afterAnswers || takeRetry(query)
            {
                resend(query, attempt, attempt.transport, withEDNS: attempt.hasEDNS, orElse: .network, now)
                continue
            }
            if attempt.isOtherTransport {
                if !isAsked(query) { askNext(query, now) }
                continue
            }
            if end != .afterAnswers {
                noteFailure(tls.map { Trouble($0) } ?? .network, query, attempt, now)
            }
            fault(query, attempt, tls.map(UpstreamFault.tls) ?? .network, now)
        }
    }
}
