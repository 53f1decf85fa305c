import Synchronization

/// Spreads the probes of idle servers, so that many servers are asked more seldom, not more at once.
///
/// One for all workers. Any thread.
final class ProbePace: Sendable {
    /// When the next probe is due, if they had been sent evenly.
    private let nextProbe = Atomic<UInt64>(0)

    /// Takes the right to send one probe; false when there were too many lately.
    ///
    /// - Parameter now: milliseconds of the forwarders' clock.
    func take(now: UInt64) -> Bool {
        let next = nextProbe.load(ordering: .relaxed)
        guard next <= now else { return false }
        let start = max(next, now - min(now, ForwardingLimits.tickMilliseconds))
        let following = start + 1000 / ForwardingLimits.idleProbesPerSecond
        return nextProbe.compareExchange(expected: next, desired: following, ordering: .relaxed).exchanged
    }
}
