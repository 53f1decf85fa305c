import EventLoop
import TLS

extension TLSConnection {
    /// Takes what the channel reports.
    func happened(_ event: TLSChannel.Event) {
        switch event {
        case .established: established()
        case .readable: readable()
        case .ended:
            // What came before the end is there to be read.
            readable()
            close(.endOfStream)
        case .failed(let failure): close(.tls(failure))
        case .broken(let errno):
            close(.failed(SystemError(call: isEstablished ? "TLS" : "connect", errno: errno)))
        }
    }

    private func established() {
        isEstablished = true
        isResumed = channel?.isResumed ?? false
        lastActivity = MonotonicClock.nanoseconds()
        waitingSince = lastActivity
        handler?.connectionOpened(self)
        scheduleTimer()
    }

    // MARK: - Reading

    /// Hands on the messages that have come whole.
    private func readable() {
        guard let handler else { return }
        lastActivity = MonotonicClock.nanoseconds()
        receivedAt = lastActivity
        var hasDelivered = false
        while let channel, closeReason == nil, let count = channel.firstNumber {
            if count == 0 { return close(.emptyMessage) }
            guard channel.inputCount >= 2 + count else { break }
            hasDelivered = true
            channel.take(2 + count) { deliver($0.extracting(droppingFirst: 2), handler) }
        }
        guard let channel else { return }
        if channel.inputCount == 0 {
            partialSince = 0
        } else if hasDelivered || partialSince == 0 {
            // Counted from the first octets of the message.
            partialSince = lastActivity
        }
        handler.readEnded(self)
        if isOpen { settle() }
    }

    private func deliver(_ message: RawSpan, _ handler: any TLSConnectionHandler) {
        pendingQueries = max(0, pendingQueries - 1)
        waitingSince = lastActivity
        if session == nil { session = channel?.session }
        handler.connection(self, received: message)
    }

    private func settle() {
        if isFinishing && pendingQueries == 0 { return close(.finished) }
        scheduleTimer()
    }

    // MARK: - Timeouts

    /// Makes sure that the timer fires when the next timeout ends, or before.
    func scheduleTimer() {
        let deadline = nextTimeout.deadline
        timer?.schedule(by: deadline)
    }

    func timerFired() {
        timer?.fired()
        if let closeReason { return close(closeReason) }
        let timeout = nextTimeout
        if MonotonicClock.nanoseconds() >= timeout.deadline { return close(timeout.reason) }
        timer?.schedule(by: timeout.deadline)
    }

    /// What ends the connection next when nothing happens.
    ///
    /// A server that takes nothing soon owes a response and brings none: that has no timeout of its own.
    private var nextTimeout: (deadline: UInt64, reason: StreamCloseReason) {
        guard isEstablished else {
            let reason = channel?.hasBegun == true ? StreamCloseReason.tls(.timeout) : .connectTimeout
            return (after(timeouts.connectMilliseconds, openedAt), reason)
        }
        var next =
            pendingQueries > 0
            ? (after(timeouts.unansweredMilliseconds, waitingSince), StreamCloseReason.unanswered)
            : (after(idleMilliseconds, lastActivity), .idle)
        if partialSince > 0 {
            let unfinished = after(timeouts.partialMessageMilliseconds, partialSince)
            if unfinished < next.0 { next = (unfinished, .partialMessage) }
        }
        return next
    }

    private func after(_ milliseconds: Int, _ start: UInt64) -> UInt64 {
        DeadlineTimer.deadline(milliseconds, after: start)
    }
}
