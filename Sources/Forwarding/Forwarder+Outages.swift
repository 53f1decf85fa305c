// Routes whose servers are all down: who asks is told at once, and so is who waits.
import AnswerCache
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Tells who waits that the last server of its route has gone down.
    ///
    /// The questions stay in flight without them: a late answer is kept, and brings its server up.
    mutating func failWaiting(_ now: UInt64) {
        let count = snapshot.outages.count
        guard count != outagesSeen else { return }
        outagesSeen = count
        for query in pending.questions() where query.isActive && query.role == .question {
            guard let failure = query.snapshot.outage(of: query.routeInfo, now) else { continue }
            metrics.count(.outages)
            let parents = failClients(query, failure, staleAnswer(query.key, now), now)
            query.role = .trial
            query.staleAt = .max
            pending.unlist(query)
            askNext(query, now)
            failChains(parents, failure, now)
        }
    }
}
