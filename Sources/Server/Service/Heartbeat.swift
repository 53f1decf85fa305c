import EventLoop
import Synchronization

/// Tells whether a thread's loop still turns; its thread beats, any thread may listen.
final class Heartbeat: Sendable {
    /// Nanoseconds of `MonotonicClock`.
    private let last: Atomic<UInt64>

    init(at nanoseconds: UInt64 = MonotonicClock.nanoseconds()) { last = Atomic(nanoseconds) }

    /// Says that the loop turned now.
    func beat(at nanoseconds: UInt64 = MonotonicClock.nanoseconds()) {
        last.store(nanoseconds, ordering: .relaxed)
    }

    /// Milliseconds since the last beat; 0 when that is in the future of `now`.
    func age(at now: UInt64) -> UInt64 {
        let last = last.load(ordering: .relaxed)
        return now > last ? (now - last) / 1_000_000 : 0
    }
}
