import EventLoop

extension StreamConnection {
    /// Makes sure that the timer fires when the next timeout ends, or before.
    func scheduleTimer() {
        let deadline = nextTimeout.deadline
        timer?.schedule(by: deadline)
    }

    func timerFired() {
        timer?.fired()
        let timeout = nextTimeout
        if MonotonicClock.nanoseconds() >= timeout.deadline { return close(timeout.reason) }
        timer?.schedule(by: timeout.deadline)
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
        DeadlineTimer.deadline(milliseconds, after: start)
    }
}
