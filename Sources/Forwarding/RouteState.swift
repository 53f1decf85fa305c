import Synchronization

/// What all workers know of a route together: what it takes of the server, how often it has recovered,
/// and whether it is drained.
///
/// Lives as long as the route has its cache tag. Any thread; no field is locked.
public final class RouteState: Sendable {
    private let recoveryCount = Atomic<UInt32>(0)
    private let pendingCount = Atomic<Int>(0)
    /// Hundredths of a send.
    private let retriesOwed = Atomic<Int>(0)
    private let drained: Atomic<Bool>

    /// - Parameter isDrained: whether the route begins without its servers being asked.
    public init(isDrained: Bool = false) { drained = Atomic(isDrained) }

    // MARK: - Maintenance

    /// Whether no question is sent to the route's servers, because somebody works on them.
    public var isDrained: Bool { drained.load(ordering: .relaxed) }

    /// Begins or ends that.
    public func setDrained(_ isDrained: Bool) { drained.store(isDrained, ordering: .relaxed) }

    // MARK: - Recoveries

    /// How often a server of the route has come up again: what failed before may not fail any more.
    public var recoveries: UInt32 { recoveryCount.load(ordering: .relaxed) }

    /// Notes that a server of the route has come up again.
    public func recovered() { recoveryCount.wrappingAdd(1, ordering: .relaxed) }

    // MARK: - Questions in flight

    /// Questions in flight.
    public var pending: Int { max(0, pendingCount.load(ordering: .relaxed)) }

    /// Takes a place for a question; false when the route has no more.
    ///
    /// - Parameter percent: the hundredths of a further send that this first one earns the route.
    func begin(limit: Int, earning percent: Int) -> Bool {
        guard pendingCount.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            end()
            return false
        }
        // Mostly nothing is owed, and nothing written.
        let owed = retriesOwed.load(ordering: .relaxed)
        if owed > 0 { retriesOwed.store(max(owed - percent, 0), ordering: .relaxed) }
        return true
    }

    /// Gives back a question's place.
    func end() { pendingCount.wrappingSubtract(1, ordering: .relaxed) }

    // MARK: - Retries

    /// Takes a further send; false when too many were taken for the first ones that there were.
    func takeRetry(percent: Int) -> Bool {
        guard percent > 0 else { return false }
        let burst = max(ForwardingLimits.retryBurstMin, percent * ForwardingLimits.retryBurstPerPercent)
        guard retriesOwed.load(ordering: .relaxed) + 100 <= burst * 100 else { return false }
        retriesOwed.wrappingAdd(100, ordering: .relaxed)
        return true
    }
}
