// Which messages are responses to our queries (RFC 5452 §9.1, RFC 7873 §5.3), and what is done about those that
// are not (RFC 5452 §9.3).
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Finds the query and the attempt that a message answers.
    ///
    /// nil when it answers none, which is counted and ignored, or when its word is not enough: then the question is
    /// asked again over TCP, which nobody forges who does not see our packets.
    mutating func match(
        _ message: borrowing RawSpan,
        _ upstream: UpstreamID,
        _ transport: UpstreamTransport,
        _ token: SocketToken,
        isCut: Bool,
        _ now: UInt64
    ) -> (query: PendingQuery, attempt: Int, header: Header)? {
        guard let header = Header(message), header.flags.isResponse, header.flags.opcode == 0 else {
            mismatched(upstream, transport, now)
            return nil
        }
        guard let (query, index) = pending.find(upstream, transport, header.id) else {
            if !isLate(upstream, header.id, token, now) { mismatched(upstream, transport, now) }
            return nil
        }
        let attempt = query.attempts[index]
        guard attempt.isOpen, attempt.token == token else {
            if !isLate(upstream, header.id, token, now) { mismatched(query, index, now) }
            return nil
        }
        switch compareQuestion(of: query, attempt, message, header) {
        case .same: break
        case .otherCase:
            metrics.count(.wrongCase)
            query.foldedBy |= attempt.bit
            mismatched(query, index, now)
            confirm(query, index, now)
            return nil
        case .other:
            mismatched(query, index, now)
            return nil
        }
        guard
            isCut || header.flags.isTruncated || attempt.clientCookie == 0
                || hasRightCookie(message, header, query, index, now)
        else { return nil }
        let isBelieved = query.withHealth(of: upstream) { health in
            if transport == .udp, !attempt.isLastResort, health.trust.needsStream(now: now) { return false }
            guard header.questionCount == 1 else { return true }
            if !attempt.nameCase.isLower {
                health.trust.keptCase()
            } else if query.foldedBy & attempt.bit != 0 {
                health.trust.foldedCase(now: now)
            }
            return true
        }
        guard isBelieved else {
            confirm(query, index, now)
            return nil
        }
        return (query, index, header)
    }

    /// Whether a message answers a question that has been settled; then it is counted.
    private mutating func isLate(
        _ upstream: UpstreamID,
        _ id: MessageID,
        _ token: SocketToken,
        _ now: UInt64
    ) -> Bool {
        guard pending.late.take(upstream, id, token) else { return false }
        metrics.count(.lateResponses)
        snapshot.withHealth(of: upstream) { $0.trust.answeredLate(now: now) }
        return true
    }

    private enum QuestionComparison {
        case same
        /// The same but for the case of letters.
        case otherCase
        case other
    }

    /// Compares the question with the one that was sent.
    ///
    /// Some servers leave it out when they refuse a message.
    private func compareQuestion(
        of query: PendingQuery,
        _ attempt: Attempt,
        _ message: borrowing RawSpan,
        _ header: Header
    ) -> QuestionComparison {
        if header.questionCount == 0 {
            let code = header.flags.responseCode
            return code == .formErr || code == .notImp ? .same : .other
        }
        // No name is a pointer to what stands before the first: the question's is written out.
        let name = WireLimits.headerLength..<WireLimits.headerLength + query.upstreamName.length
        guard header.questionCount == 1, name.upperBound + 4 <= message.byteCount,
            message.uint16(at: name.upperBound) == query.upstreamType.rawValue,
            message.uint16(at: name.upperBound + 2) == RecordClass.internet.rawValue
        else { return .other }
        let asked = query.upstreamName.bytes
        let answered = message.extracting(name)
        if attempt.nameCase.isLower { return answered.hasSameFoldedBytes(as: asked) ? .same : .other }
        if answered.hasSameBytes(as: asked, in: attempt.nameCase) { return .same }
        return answered.hasSameFoldedBytes(as: asked) ? .otherCase : .other
    }

    /// Checks the cookie of a response, and learns the server's.
    private mutating func hasRightCookie(
        _ message: borrowing RawSpan,
        _ header: Header,
        _ query: PendingQuery,
        _ index: Int,
        _ now: UInt64
    ) -> Bool {
        let attempt = query.attempts[index]
        if let option = Message.opt(message, header)?.option(.cookie, in: message) {
            if cookies.learn(attempt.upstream, message, option, client: attempt.clientCookie) {
                // What came without, right in all else, was no forgery: machines behind one address differ.
                if query.missingCookies & attempt.bit != 0 { cookies.makeOptional(attempt.upstream) }
                return true
            }
        } else if !cookies.isKnown(attempt.upstream) {
            return true
        } else if attempt.transport != .udp || attempt.isLastResort {
            // The server has stopped to use cookies: its word, not a forger's.
            cookies.forget(attempt.upstream)
            return true
        } else {
            query.missingCookies |= attempt.bit
        }
        query.wrongCookies |= attempt.bit
        metrics.count(.wrongCookies)
        mismatched(query, index, now)
        confirm(query, index, now)
        return false
    }
}

// MARK: - Wrong messages

extension Forwarder {
    /// Counts a message that answers no query.
    private func mismatched(_ upstream: UpstreamID, _ transport: UpstreamTransport, _ now: UInt64) {
        metrics.count(.upstreamMismatches)
        // Only UDP lets others speak in a server's name.
        guard transport == .udp else { return }
        if snapshot.withHealth(of: upstream, { $0.trust.mismatched(now: now) }) {
            metrics.count(.forgeryAlarms)
        }
    }

    /// Counts a message that is almost the answer to a query; after too many its question is asked over TCP.
    private mutating func mismatched(_ query: PendingQuery, _ index: Int, _ now: UInt64) {
        let attempt = query.attempts[index]
        mismatched(attempt.upstream, attempt.transport, now)
        guard attempt.transport == .udp else { return }
        query.mismatches += 1
        guard query.mismatches == ForwardingLimits.mismatchesPerQueryMax else { return }
        confirm(query, index, now)
        // What comes over UDP from now on may be a guess that hit.
        for i in 0..<query.attemptCount
        where query.attempts[i].position == attempt.position && query.attempts[i].transport == .udp
            && !query.attempts[i].isLastResort
        {
            pending.forget(query, attempt: i)
            query.attempts[i].isOpen = false
        }
    }

    /// Asks over TCP what a server's answers over UDP leave in doubt.
    ///
    /// A right answer to what was sent before still counts.
    private mutating func confirm(_ query: PendingQuery, _ index: Int, _ now: UInt64) {
        let attempt = query.attempts[index]
        guard attempt.transport == .udp, query.confirming & attempt.bit == 0 else { return }
        query.confirming |= attempt.bit
        // It has done its part: neither is it asked again nor does the server get the blame.
        query.attempts[index].isOverdue = true
        metrics.count(.confirmations)
        if send(query, attempt.upstream, attempt.position, .tcp, withEDNS: attempt.hasEDNS, now)
            || send(query, attempt.upstream, attempt.position, .udp, withEDNS: attempt.hasEDNS, now)
        {
            return setTimer(query, now)
        }
        fault(query, attempt, .network, now)
    }

    /// Asks over UDP once more when TCP was to confirm an answer and cannot be had.
    ///
    /// Such a server is believed as one that is known not to keep the case of letters: by port and ID.
    mutating func askAsLastResort(
        _ query: PendingQuery,
        _ attempt: Attempt,
        _ reason: UpstreamFault,
        _ now: UInt64
    ) -> Bool {
        guard case .network = reason, attempt.transport == .tcp, query.confirming & attempt.bit != 0,
            send(query, attempt.upstream, attempt.position, .udp, withEDNS: attempt.hasEDNS, now)
        else { return false }
        setTimer(query, now)
        return true
    }
}

// MARK: - Servers that refuse how they are asked

extension Forwarder {
    /// Whether the server does not know OPT, which servers say in one of these ways (RFC 6891 §6.2.2, §7).
    func rejectsEDNS(_ header: Header) -> Bool {
        let code = header.flags.responseCode
        return (code == .formErr || code == .notImp) && header.answerCount == 0
    }

    /// Asks a server that refused a question with OPT for the same without.
    mutating func resendWithoutEDNS(
        _ query: PendingQuery,
        _ attempt: Attempt,
        _ code: ResponseCode,
        _ now: UInt64
    ) {
        resend(query, attempt, attempt.transport, withEDNS: false, orElse: .responseCode(code), now)
    }

    /// Asks a server that refused our server cookie with the one that it sent, then over TCP (RFC 7873 §5.3).
    mutating func resendWithNewCookie(_ query: PendingQuery, _ attempt: Attempt, _ now: UInt64) {
        guard attempt.transport == .udp else {
            return fault(query, attempt, .responseCode(.badCookie), now)
        }
        let isFirst = query.badCookies & attempt.bit == 0
        query.badCookies |= attempt.bit
        resend(query, attempt, isFirst ? .udp : .tcp, withEDNS: true, orElse: .responseCode(.badCookie), now)
    }
}

// MARK: - Processing

extension Forwarder {
    /// Reads a response that matches.
    mutating func process(
        _ message: borrowing RawSpan,
        _ header: Header,
        _ query: PendingQuery,
        _ attempt: Attempt
    ) -> ResponseVerdict {
        guard !attempt.nameCase.isLower, header.questionCount == 1,
            message.byteCount <= WireLimits.messageLength
        else { return processor.process(message, header, query.context, into: &builder) }
        return Self.process(message, header, query.context, &processor, &builder, &replyBuffer)
    }

    // Compressed names of the response end in the question's: with our random case it would reach clients and
    // cache. Buffers are parameters, because a span into one would keep the whole forwarder from being used.
    private static func process(
        _ message: borrowing RawSpan,
        _ header: Header,
        _ context: ResponseContext,
        _ processor: inout ResponseProcessor,
        _ builder: inout AnswerBuilder,
        _ buffer: inout WireBuffer
    ) -> ResponseVerdict {
        var copy = buffer.mutableBytes
        copy.copy(message, at: 0)
        copy.copy(context.upstreamName.bytes, at: WireLimits.headerLength)
        let restored = copy.readable.extracting(first: message.byteCount)
        return processor.process(restored, header, context, into: &builder)
    }
}
