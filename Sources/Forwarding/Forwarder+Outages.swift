// Routes whose servers are all down: who asks is told at once, and so is who waits.
import AnswerCache
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Why nothing can be asked: the failure for clients when all servers of a route are down.
    func outage(of route: Route, _ snapshot: ForwardingSnapshot, _ now: UInt64) -> Failure? {
        guard let first = route.upstreams.first, !hasServerUp(route, snapshot, now) else { return nil }
        let health = snapshot.health[Int(first.rawValue)]
        let fault = health.isLooping(now: now) ? .loop : health.lastTrouble.fault
        return .allDown(route, snapshot.table.upstreams[Int(first.rawValue)], fault)
    }

    /// Tells clients at once that all servers are down.
    ///
    /// Once per interval the question goes on without them, to find out whether a server is back.
    mutating func failAtOnce(
        _ query: PendingQuery,
        _ route: Route,
        _ failure: Failure,
        _ now: UInt64
    ) {
        metrics.count(.outages)
        let trial = claimTrial(query, route, now)
        let parents = failClients(query, failure, staleAnswer(query.key, now))
        query.role = .trial
        pending.unlist(query)
        if let trial, ask(query, route, trial, now) {
            metrics.count(.trials)
            setTimer(query, now)
        } else {
            settle(query)
        }
        failChains(parents, failure, now)
    }

    /// Tells who waits that the last server of its route has gone down.
    ///
    /// The questions stay in flight without them: a late answer is kept, and brings its server up.
    mutating func failWaiting(_ now: UInt64) {
        let count = snapshot.outages.count
        guard count != outagesSeen else { return }
        outagesSeen = count
        for query in pending.questions() where query.isActive && query.role == .question {
            guard let failure = outage(of: query.routeInfo, query.snapshot, now) else { continue }
            metrics.count(.outages)
            let parents = failClients(query, failure, staleAnswer(query.key, now))
            query.role = .trial
            query.staleAt = .max
            pending.unlist(query)
            askNext(query, now)
            failChains(parents, failure, now)
        }
    }
}
