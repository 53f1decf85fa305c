import CLibevent

/// Calls its body once, a number of milliseconds after it was scheduled.
///
/// The loop looks at a coarse clock: the body may run up to one kernel tick (4 ms) early by `MonotonicClock`.
/// Used on the loop's thread only. Releasing the timer cancels it; the body may do that.
public final class Timer {
    private let event: Event

    /// Makes a timer that is not scheduled.
    public init(_ loop: EventLoop, _ body: @escaping () -> Void) throws(SystemError) {
        event = try Event(loop, -1, flags: 0, body)
    }

    /// Starts the timer, anew when it was scheduled already.
    ///
    /// A negative time counts as 0.
    public func schedule(afterMilliseconds milliseconds: Int) {
        event.arm(milliseconds: max(0, milliseconds))
    }

    /// Forgets what was scheduled.
    public func cancel() { event.disarm() }

    /// Says whether the body is still to be called.
    public var isScheduled: Bool { event.isPending(EV_TIMEOUT) }
}
