import Routing

// References to what all workers share are not counted where every question passes: the count would be written by all of
// them, and each would wait for the line of memory that it is in.
extension ForwardingSnapshot {
    /// Lends the health of a server to `body`.
    @inline(__always)
    func withHealth<Result>(of upstream: UpstreamID, _ body: (UpstreamHealth) -> Result) -> Result {
        // SAFETY: this snapshot, which the caller has, holds the object until `body` has returned.
        unsafe Unmanaged.passUnretained(health[Int(upstream.rawValue)])._withUnsafeGuaranteedRef(body)
    }

    /// Lends the state of a route to `body`.
    @inline(__always)
    func withState<Result>(of route: RouteID, _ body: (RouteState) -> Result) -> Result {
        // SAFETY: as above.
        unsafe Unmanaged.passUnretained(routeStates[Int(route.rawValue)])._withUnsafeGuaranteedRef(body)
    }
}

extension PendingQuery {
    /// Lends the health of a server to `body`, which does not change the question's snapshot.
    @inline(__always)
    func withHealth<Result>(of upstream: UpstreamID, _ body: (UpstreamHealth) -> Result) -> Result {
        // SAFETY: the question holds its snapshot until it has ended.
        unsafe Unmanaged.passUnretained(snapshot)._withUnsafeGuaranteedRef {
            $0.withHealth(of: upstream, body)
        }
    }
}
