import Routing

extension ForwardingSnapshot {
    /// The failure for clients when all servers of a route are down; nil when one is up, or there is none.
    func outage(of route: Route, _ now: UInt64) -> Failure? {
        guard let first = route.upstreams.first,
            !route.upstreams.contains(where: { !health[Int($0.rawValue)].isOut(now: now) })
        else { return nil }
        let known = health[Int(first.rawValue)]
        let fault = known.isLooping(now: now) ? .loop : known.lastTrouble.fault
        return .allDown(route, table.upstreams[Int(first.rawValue)], fault)
    }

    /// The servers of a route in the order in which a new question would be sent to them.
    ///
    /// Under the policy `random` the first is any that is up, by weight; these stay in the order of the configuration.
    func order(of route: Route, _ now: UInt64) -> [UpstreamID] {
        let fall = route.settings.probe.fall
        let ranked = route.upstreams.map { upstream -> (id: UpstreamID, rank: Int, time: UInt64) in
            let known = health[Int(upstream.rawValue)]
            let rank = known.isOut(now: now) ? 2 : known.isDoubted(fall) ? 1 : 0
            let isByTime = route.settings.policy == .fastest && rank < 2
            let time = known.smoothedRoundTrip
            return (upstream, rank, isByTime ? (time == 0 ? .max : time) : 0)
        }
        return ranked.enumerated().sorted {
            ($0.element.rank, $0.element.time, $0.offset) < ($1.element.rank, $1.element.time, $1.offset)
        }.map(\.element.id)
    }
}
