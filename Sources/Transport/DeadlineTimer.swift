import EventLoop

/// A timer for a deadline that mostly moves back.
///
/// Then it is left as it is and fires too early, so that a busy connection costs no work. Times are nanoseconds of
/// MonotonicClock. Used on the loop's thread only.
struct DeadlineTimer {
    private let timer: Timer
    /// When the timer fires; it may be too early, never too late.
    private var firesAt = UInt64.max

    /// - Parameter body: called at the deadline or before; it must call `fired` first.
    init(_ loop: EventLoop, _ body: @escaping () -> Void) throws(SystemError) {
        timer = try Timer(loop, body)
    }

    /// Notes that the timer has fired, so that it can be scheduled for any time.
    mutating func fired() { firesAt = .max }

    /// Makes sure that the timer fires at the deadline, or before.
    mutating func schedule(by deadline: UInt64) {
        if deadline >= firesAt { return }
        firesAt = deadline
        let now = MonotonicClock.nanoseconds()
        let nanoseconds = deadline > now ? deadline - now : 0
        timer.schedule(afterMilliseconds: Int((nanoseconds + 999_999) / 1_000_000))
    }

    /// The deadline of something that may take so long from `start` on.
    static func deadline(_ milliseconds: Int, after start: UInt64) -> UInt64 {
        start + UInt64(max(0, milliseconds)) * 1_000_000
    }
}
