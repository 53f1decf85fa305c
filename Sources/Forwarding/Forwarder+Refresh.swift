// Popular answers are asked for anew shortly before they expire, so that nobody has to wait for them.
import AnswerCache
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Asks anew for an answer that is near its end and popular, unless somebody does already.
    ///
    /// Nobody waits for it: what comes is stored. A failure is remembered like any, and until its time is over, it is
    /// not tried again. It takes no place from a question that a client waits for.
    mutating func refresh(_ key: CacheKey, _ route: RouteID, _ query: Query, _ now: UInt64) {
        // A client that wants nothing asked for it leads to no question.
        guard snapshot.caching.prefetch, query.flags.recursionDesired,
            snapshot.refreshClaims.take(key.hash, now: now), pending.find(key) == nil,
            hasServerUp(snapshot.table.routes[Int(route.rawValue)], snapshot, now)
        else { return }
        let earlier = rememberedFailure(key, route, snapshot, now)
        var at = 0
        guard earlier?.text == nil, let qname = try? DomainName(key.name, at: &at),
            let new = start(key, qname, query, route, earlier, now, pushesOut: false)
        else { return }
        new.isRefresh = true
        metrics.count(.prefetches)
        begin(new, now)
    }
}
