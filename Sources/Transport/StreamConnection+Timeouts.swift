import EventLoop

extension StreamConnection {
    /// Makes sure that the timer fires when the next timeout ends, or before.
    ///
    /// A deadline that moved back leaves the timer as it is: so a busy connection costs no work here.
    func scheduleTimer() {
        let deadline = nextTimeout.deadline
        if deadline >= timerDeadline { return }
        start(deadline, now: MonotonicClock.nanoseconds())
    }

    func timerFired() {
        timerDeadline = .max
        let now = MonotonicClock.nanoseconds()
        let timeout = nextTimeout
        if now >= timeout.deadline { return close(timeout.reason) }
        start(timeout.deadline, now: now)
    }

    private func start(_ deadline: UInt64, now: UInt64) {
        timerDeadline = deadline
        let nanoseconds = deadline > now ? deadline - now : 0
        timer?.schedule(afterMilliseconds: Int((nanoseconds + 999_999) / 1_000_000))
    }

    /// What ends the connection next when nothing happens.
    private var nextTimeout: (deadline: UInt64, reason: StreamCloseReason) {
        let timeouts = resources.timeouts
        if state == .connecting {
            return (after(timeouts.connectMilliseconds, openedAt), .connectTimeout)
        }
        // What we send on keeps no upstream alive that says nothing.
        let waiting = role == .client ? waitingSince : lastActivity
        var next =
            pendingQueries > 0
            ? (after(timeouts.unansweredMilliseconds, waiting), StreamCloseReason.unanswered)
            : (after(idleMilliseconds, lastActivity), .idle)
        if isBlocked {
            let stalled = after(timeouts.writeStallMilliseconds, lastProgress)
            if stalled < next.0 { next = (stalled, .writeStalled) }
        }
        if !partial.isEmpty && !isPaused {
            let unfinished = after(timeouts.partialMessageMilliseconds, partialSince)
            if unfinished < next.0 { next = (unfinished, .partialMessage) }
        }
        return next
    }

    private func after(_ milliseconds: Int, _ start: UInt64) -> UInt64 {
        start + UInt64(max(0, milliseconds)) * 1_000_000
    }
}
