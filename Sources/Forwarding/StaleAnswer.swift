import AnswerCache
import DNSWire

/// An answer that may be given although a better one was asked for (RFC 8767): mostly one past its end.
struct StaleAnswer {
    private let cache: AnswerCache
    private let key: CacheKey
    private let limits: StaleLimits
    private let now: UInt64
    /// Whether the answer has expired: what another worker has stored meanwhile has not.
    let isExpired: Bool

    /// Types that names of clusters and the public DNS have beside an alias that came later.
    private static let typesBesideAlias: [RecordType] = [
        .a, .aaaa, .cname, .https, .svcb, .txt, .srv, .mx, .ptr, .ns, .soa, .any,
    ]

    /// Finds the answer; nil when there is none, or it is too old, or overtaken by an alias.
    init?(_ cache: AnswerCache, _ key: CacheKey, _ limits: StaleLimits, now: UInt64) {
        guard let summary = cache.summary(of: key) else { return nil }
        isExpired = now >= summary.expiresAt
        guard !isExpired || now - summary.expiresAt <= UInt64(limits.ageSeconds) * 1000 else { return nil }
        self.cache = cache
        self.key = key
        self.limits = limits
        self.now = now
        if isExpired, !summary.isAlias, isOvertaken(since: summary.storedAt) { return nil }
    }

    /// Seconds for which it may still be given.
    var secondsLeft: UInt32 {
        guard isExpired, let expiresAt = cache.summary(of: key)?.expiresAt else { return limits.ageSeconds }
        let age = UInt32(truncatingIfNeeded: (now - min(now, expiresAt)) / 1000)
        return limits.ageSeconds - min(age, limits.ageSeconds)
    }

    /// Whether the name has become an alias since, as the answer for another type says (RFC 8767 §7).
    private func isOvertaken(since storedAt: UInt64) -> Bool {
        var other = key
        return Self.typesBesideAlias.contains { type in
            other.setType(type, seed: cache.seed)
            guard let summary = cache.summary(of: other) else { return false }
            return summary.isAlias && summary.storedAt > storedAt
        }
    }

    /// A reply that was written.
    struct Written: BitwiseCopyable {
        var length: Int
        var isExpired: Bool
        var isTruncated: Bool
    }

    /// Completes a reply whose question is in place, with the reason why it is stale; nil when the answer is gone.
    func write(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        rotation: UInt32,
        reason: String
    ) -> Written? {
        let hit = cache.lookupStale(
            key,
            limits,
            now: now,
            available: context.available,
            rotation: rotation,
            into: &reply,
            at: context.questionEnd
        )
        guard let hit else { return nil }
        let code = hit.answer.responseCode
        var length = ReplyWriter.finish(
            &reply,
            context,
            code,
            isAuthoritative: hit.answer.isAuthoritative,
            fitted: hit.fitted
        )
        if hit.isStale {
            let error = code == .nxDomain ? ExtendedErrorCode.staleNXDomainAnswer : .staleAnswer
            length = ReplyWriter.addError(&reply, context, error, reason, at: length)
        }
        return Written(length: length, isExpired: hit.isStale, isTruncated: hit.fitted.isTruncated)
    }
}
