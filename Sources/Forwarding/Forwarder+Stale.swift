// Answers past their end: only when asking anew failed or takes too long, and never without RD (RFC 8767 §5).
import AnswerCache
import DNSWire
import Metrics
import QueryEvents
import Routing

extension Forwarder {
    /// What may be given to those who ask, or wait, for a question that is not answered.
    func staleAnswer(_ key: CacheKey, _ now: UInt64) -> StaleAnswer? {
        guard let cache, snapshot.caching.staleSeconds > 0 else { return nil }
        return StaleAnswer(cache, key, snapshot.caching.staleLimits, now: now)
    }

    /// Writes a stale answer for a client that asks; nil when it is gone.
    ///
    /// The client must have set RD, and its question be in place.
    mutating func write(
        _ stale: StaleAnswer,
        _ context: ReplyContext,
        reason: String,
        _ reply: inout MutableRawSpan
    ) -> Int? {
        let rotation = nextRotation()
        guard let written = stale.write(&reply, context, rotation: rotation, reason: reason) else {
            return nil
        }
        count(written)
        return written.length
    }

    /// Gives a client that waits a stale answer; false when that is gone.
    ///
    /// The client must have been taken off its list.
    mutating func reply(
        _ stale: StaleAnswer,
        _ context: ReplyContext,
        _ id: WaiterID,
        reason: String
    ) -> Bool {
        let rotation = nextRotation()
        guard
            let written = Self.write(stale, &replyBuffer, waiters[id], context, rotation, reason, output, id)
        else { return false }
        count(written)
        return true
    }

    // The buffer is a parameter, because a span into it would keep the whole forwarder from being used.
    private static func write(
        _ stale: StaleAnswer,
        _ buffer: inout WireBuffer,
        _ waiter: Waiter,
        _ context: ReplyContext,
        _ rotation: UInt32,
        _ reason: String,
        _ output: any ForwarderOutput,
        _ id: WaiterID
    ) -> StaleAnswer.Written? {
        var bytes = buffer.mutableBytes
        ReplyWriter.writeQuestion(&bytes, context, waiter.qname, waiter.qtype)
        guard let written = stale.write(&bytes, context, rotation: rotation, reason: reason) else {
            return nil
        }
        output.reply(bytes.readable.extracting(first: written.length), to: id)
        return written
    }

    private func count(_ written: StaleAnswer.Written) {
        metrics.count(written.isExpired ? .staleAnswers : .cacheHits)
        if written.isTruncated { metrics.count(.truncatedReplies) }
    }

    // MARK: - The client's timer

    /// Sets until when clients wait for an answer while there is a stale one.
    func setStaleTimer(_ query: PendingQuery, _ now: UInt64) {
        let caching = query.snapshot.caching
        guard cache != nil, caching.staleSeconds > 0 else { return }
        query.staleAt = now + caching.staleAfterMilliseconds
    }

    /// Gives all clients that wait a stale answer, if there is one, because a better one takes too long.
    ///
    /// The question stays in flight without them, and what it leads to is stored.
    mutating func answerLate(_ query: PendingQuery, _ now: UInt64) {
        query.staleAt = .max
        query.isLate = true
        guard let stale = staleAnswer(query.key, now) else { return }
        let reason = lateReason(query)
        output.answering(AnswerFacts(.stale, query))
        var rest = WaiterList()
        var restCount = 0
        while let id = waiters.removeFirst(&query.waiters) {
            let waiter = waiters[id]
            if case .client(let context) = waiter.kind, reply(stale, context, id, reason: reason) {
                countReply(of: query, to: waiter, context, now)
                continue
            }
            // It has just left its place, so that there is one.
            if waiters.append(waiter, to: &rest) != nil { restCount += 1 }
        }
        query.waiters = rest
        query.waiterCount = restCount
    }

    /// Why there is no better answer yet.
    func lateReason(_ query: PendingQuery) -> String {
        guard query.lastFault == nil else { return failure(of: query).text }
        let milliseconds = query.snapshot.caching.staleAfterMilliseconds
        return "\(query.routeInfo.label): no answer within \(milliseconds) ms"
    }
}
