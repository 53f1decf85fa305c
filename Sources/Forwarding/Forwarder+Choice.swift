// Which server of a route is asked: by policy among those that are up, or one that is down, to find out.
import Routing

extension Forwarder {
    /// The place in the route of the server to ask next: of those that are up the least asked, of these the ones that are
    /// not in doubt, of these by policy.
    ///
    /// Nil when none is up but those that have had their sends or failed this question.
    mutating func chooseServer(_ query: PendingQuery, _ route: Route, _ now: UInt64) -> Int? {
        guard query.attemptCount < ForwardingLimits.attemptsMax else { return nil }
        let policy = route.settings.policy
        let fall = route.settings.probe.fall
        var lowest = ForwardingLimits.sendsPerUpstreamMax * 2
        var candidates: UInt64 = 0
        for position in route.upstreams.indices.prefix(ForwardingLimits.serversPerRouteMax) {
            let bit: UInt64 = 1 << UInt64(position)
            guard query.failedUpstreams & bit == 0 else { continue }
            let (isOut, isDoubted) = query.withHealth(of: route.upstreams[position]) {
                ($0.isOut(now: now), $0.isDoubted(fall))
            }
            if isOut { continue }
            let sends = query.attemptCount == 0 ? 0 : sends(query, to: position)
            let rank = sends * 2 + (isDoubted ? 1 : 0)
            if rank == 0, policy == .ordered { return position }
            guard rank <= lowest, sends < ForwardingLimits.sendsPerUpstreamMax else { continue }
            if rank < lowest { candidates = 0 }
            lowest = rank
            candidates |= bit
        }
        guard candidates != 0 else { return nil }
        return switch policy {
        case .ordered: candidates.trailingZeroBitCount
        case .random: chooseByWeight(candidates, route)
        case .fastest: chooseFastest(candidates, query, route)
        }
    }

    private mutating func chooseByWeight(_ candidates: UInt64, _ route: Route) -> Int {
        let places = Places(candidates)
        let total = places.reduce(0) { $0 + max(route.weights[$1], 1) }
        var rest = Int(random.next(upperBound: UInt64(total)))
        for position in places {
            rest -= max(route.weights[position], 1)
            if rest < 0 { return position }
        }
        return candidates.trailingZeroBitCount
    }

    private mutating func chooseFastest(_ candidates: UInt64, _ query: PendingQuery, _ route: Route) -> Int {
        var fastest = candidates.trailingZeroBitCount
        var shortest = UInt64.max
        var unmeasured: Int? = nil
        for position in Places(candidates) {
            let time = query.snapshot.health[Int(route.upstreams[position].rawValue)].smoothedRoundTrip
            if time == 0 {
                unmeasured = unmeasured ?? position
            } else if time < shortest {
                fastest = position
                shortest = time
            }
        }
        guard query.attemptCount == 0, candidates.nonzeroBitCount > 1 else { return fastest }
        fastestSends &+= 1
        guard fastestSends % ForwardingLimits.explorationInterval == 0 else { return fastest }
        if let unmeasured { return unmeasured }
        // The others in turn.
        let others = Places(candidates & ~(1 << UInt64(fastest)))
        let turn = fastestSends / ForwardingLimits.explorationInterval % others.count
        return others.dropFirst(turn).first { _ in true } ?? fastest
    }

    /// The place of a server that is down and due to be tried; the caller is the only one who tries it.
    func claimTrial(_ query: PendingQuery, _ route: Route, _ now: UInt64) -> Int? {
        guard query.attemptCount < ForwardingLimits.attemptsMax else { return nil }
        let rules = HealthRules(route)
        return route.upstreams.indices.prefix(ForwardingLimits.serversPerRouteMax).first { position in
            query.failedUpstreams & (1 << UInt64(position)) == 0
                && sends(query, to: position) < ForwardingLimits.sendsPerUpstreamMax
                && query.snapshot.health[Int(route.upstreams[position].rawValue)].claimTrial(now: now, rules)
        }
    }

    /// Whether a server of the route is up, so that asking it makes sense.
    func hasServerUp(_ route: Route, _ snapshot: ForwardingSnapshot, _ now: UInt64) -> Bool {
        route.upstreams.contains { !snapshot.health[Int($0.rawValue)].isOut(now: now) }
    }

    /// Whether all other servers of the question's route are down.
    func isLastUp(_ upstream: UpstreamID, _ query: PendingQuery, _ now: UInt64) -> Bool {
        query.routeInfo.upstreams.allSatisfy {
            $0 == upstream || query.snapshot.health[Int($0.rawValue)].isOut(now: now)
        }
    }
}

/// The places of the bits that are set, the lowest first.
private struct Places: Sequence, IteratorProtocol {
    private var rest: UInt64

    init(_ bits: UInt64) { rest = bits }

    var count: Int { rest.nonzeroBitCount }

    mutating func next() -> Int? {
        guard rest != 0 else { return nil }
        defer { rest &= rest - 1 }
        return rest.trailingZeroBitCount
    }
}
