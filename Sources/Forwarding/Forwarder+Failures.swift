// Failures, remembered apart from answers (RFC 9520 §3.2).
import AnswerCache
import DNSWire
import Routing

/// A failure that was remembered.
struct RememberedFailure {
    /// How often in a row the question has failed by its own fault.
    var count: Int
    /// What is answered while the failure counts; nil when its time is over.
    var text: String?

    /// Octets before the text: that number, and the route's recoveries.
    static let headLength = 5
}

extension Forwarder {
    /// What is remembered of a question's failure, also for some time after it has stopped counting.
    mutating func rememberedFailure(
        _ key: CacheKey,
        _ route: RouteID,
        _ snapshot: ForwardingSnapshot,
        _ now: UInt64
    ) -> RememberedFailure? {
        guard let (hit, recoveries, failure) = Self.read(failures, &replyBuffer, key, now) else { return nil }
        guard recoveries == snapshot.routeStates[Int(route.rawValue)].recoveries else { return nil }
        // An answer that came later, to another worker perhaps, has been good.
        if let stored = cache?.summary(of: key)?.storedAt, stored > hit.storedAt { return nil }
        return failure
    }

    // The buffer is a parameter, because a span into it would keep the whole forwarder from being used.
    private static func read(
        _ failures: AnswerCache,
        _ buffer: inout WireBuffer,
        _ key: CacheKey,
        _ now: UInt64
    ) -> (AnswerCache.Hit, recoveries: UInt32, RememberedFailure)? {
        var bytes = buffer.mutableBytes
        let hit = failures.lookupStale(
            key,
            StaleLimits(ageSeconds: ForwardingLimits.failureSecondsMax, ttlSeconds: 0),
            now: now,
            available: RememberedFailure.headLength + ForwardingLimits.errorTextMax,
            rotation: 0,
            into: &bytes,
            at: 0
        )
        guard let hit, hit.fitted.length >= RememberedFailure.headLength else { return nil }
        let octets = bytes.readable
        let recoveries = octets.uint32(at: 1)
        var failure = RememberedFailure(count: Int(octets.uint8(at: 0)))
        if !hit.isStale {
            let text = octets.extracting(RememberedFailure.headLength..<hit.fitted.length)
            failure.text = String(decoding: text.toArray(), as: UTF8.self)
        }
        return (hit, recoveries, failure)
    }

    /// Remembers the failure of a question, apart from answers, so that it neither replaces nor hides one.
    ///
    /// - Parameter hasStale: whether there is a stale answer, for whose sake it need not be tried again so soon.
    func remember(_ failure: Failure, of query: PendingQuery, hasStale: Bool, _ now: UInt64) {
        guard failure.isCacheable else { return }
        // Servers that do not answer are asked for other names, too, and say when they are back.
        let isOfQuestion = failure.isOfChain || query.lastFault?.fault.isOfQuestion ?? false
        var seconds = ForwardingLimits.failureSeconds
        var count = 0
        if isOfQuestion {
            count = min(query.earlierFailures + 1, 8)
            seconds = min(seconds << UInt32(count - 1), ForwardingLimits.failureSecondsMax)
            if hasStale { seconds = max(seconds, ForwardingLimits.staleRecheckSeconds) }
        } else if query.lastFault?.fault.isOfNetwork ?? false {
            seconds = ForwardingLimits.networkFailureSeconds
        }
        let recoveries = query.recoveries
        var octets = [UInt8(count)]
        for shift: UInt32 in [24, 16, 8, 0] { octets.append(UInt8(recoveries >> shift & 0xFF)) }
        octets.append(contentsOf: failure.text.utf8(atMost: ForwardingLimits.errorTextMax))
        let answer = CachedAnswer(
            responseCode: .servFail,
            answerLength: octets.count,
            authorityEnd: octets.count,
            length: octets.count,
            lifetimeSeconds: seconds
        )
        let none: [UInt16] = []
        failures.insert(query.key, answer, body: octets.wireBytes, ttlOffsets: none.span, now: now)
    }
}
