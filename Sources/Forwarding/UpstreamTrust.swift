import Synchronization

/// What all workers know together of how far a server's messages can be believed.
///
/// Any thread; relaxed, because a count that is off by one does no harm. Times are in the forwarder's milliseconds.
struct UpstreamTrust: ~Copyable, Sendable {
    /// What marks queries to this server: nobody but this process and the server knows it.
    let tag = UInt64.random(in: .min ... .max)

    /// Messages that answered no query, since the start.
    private let mismatches = Atomic<UInt64>(0)
    private let windowEnd = Atomic<UInt64>(0)
    private let mismatchesInWindow = Atomic<UInt64>(0)
    private let lateInWindow = Atomic<UInt64>(0)
    private let streamUntil = Atomic<UInt64>(0)
    private let foldedAnswers = Atomic<UInt64>(0)
    private let foldsUntil = Atomic<UInt64>(0)
    private let nextLoopProbe = Atomic<UInt64>(0)
    private let loopsUntil = Atomic<UInt64>(0)

    // MARK: - Wrong messages (RFC 5452 §9.3)

    /// Messages that answered no query, since the start.
    var mismatchCount: UInt64 { mismatches.load(ordering: .relaxed) }

    /// Counts a message that answers no query; true when it is the one after which the server is asked over TCP.
    func mismatched(now: UInt64) -> Bool {
        mismatches.wrappingAdd(1, ordering: .relaxed)
        advanceWindow(now)
        let count = mismatchesInWindow.wrappingAdd(1, ordering: .relaxed).newValue
        // A server that comes back answers a whole queue late, and our memory of what it was asked has an end.
        guard count >= ForwardingLimits.mismatchesPerServerMax + lateInWindow.load(ordering: .relaxed),
            !needsStream(now: now)
        else { return false }
        streamUntil.store(now + ForwardingLimits.streamOnlyMilliseconds, ordering: .relaxed)
        return true
    }

    /// Counts the answer to a question that had been settled.
    func answeredLate(now: UInt64) {
        advanceWindow(now)
        lateInWindow.wrappingAdd(1, ordering: .relaxed)
    }

    /// Whether somebody may be guessing, so that answers over UDP are not believed.
    func needsStream(now: UInt64) -> Bool { now < streamUntil.load(ordering: .relaxed) }

    private func advanceWindow(_ now: UInt64) {
        guard now >= windowEnd.load(ordering: .relaxed) else { return }
        windowEnd.store(now + ForwardingLimits.mismatchWindowMilliseconds, ordering: .relaxed)
        mismatchesInWindow.store(0, ordering: .relaxed)
        lateInWindow.store(0, ordering: .relaxed)
    }

    // MARK: - Case of letters

    /// Notes an answer with the letters' case as it was asked.
    func keptCase() {
        // Nearly always 0 already: a store would take the cache line from the other workers.
        if foldedAnswers.load(ordering: .relaxed) != 0 { foldedAnswers.store(0, ordering: .relaxed) }
    }

    /// Notes an answer with another case that was confirmed.
    func foldedCase(now: UInt64) {
        let count = foldedAnswers.wrappingAdd(1, ordering: .relaxed).newValue
        guard count >= ForwardingLimits.foldedAnswersMax else { return }
        // The count stays: after the hour one more answer is enough.
        foldsUntil.store(now + ForwardingLimits.foldingMilliseconds, ordering: .relaxed)
    }

    /// Whether the server is known not to keep the case of letters.
    func foldsCase(now: UInt64) -> Bool { now < foldsUntil.load(ordering: .relaxed) }

    // MARK: - Loops

    /// Whether the server sends queries back to us, and is left alone.
    func isLooping(now: UInt64) -> Bool { now < loopsUntil.load(ordering: .relaxed) }

    /// Takes the server out for a while; true when it was not out already.
    func loops(now: UInt64) -> Bool {
        let wasLooping = isLooping(now: now)
        let end = now + ForwardingLimits.loopPauseMilliseconds
        loopsUntil.store(end, ordering: .relaxed)
        nextLoopProbe.store(end, ordering: .relaxed)
        return !wasLooping
    }

    /// Has the next query to this server accompanied by a probe, if the last one was some time ago.
    ///
    /// Also for a server that was down: what answers there may have been set up anew.
    func suspectLoop(now: UInt64) {
        let due = nextLoopProbe.load(ordering: .relaxed)
        let pause = ForwardingLimits.loopProbeMilliseconds - ForwardingLimits.loopSuspicionMilliseconds
        guard !isLooping(now: now), due > now, due <= now + pause else { return }
        nextLoopProbe.store(now, ordering: .relaxed)
    }

    /// Whether it is time for a probe.
    func isLoopProbeDue(now: UInt64) -> Bool { now >= nextLoopProbe.load(ordering: .relaxed) }

    /// Whether the caller, of all workers, is to send a probe now.
    func claimLoopProbe(now: UInt64) -> Bool {
        let due = nextLoopProbe.load(ordering: .relaxed)
        guard now >= due else { return false }
        let next = now + ForwardingLimits.loopProbeMilliseconds
        return nextLoopProbe.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged
    }
}

extension UpstreamHealth {
    /// Messages through this server's sockets that answered no query, since the start (RFC 5452 §9.1).
    public var mismatchCount: UInt64 { trust.mismatchCount }

    /// Whether the server is asked over TCP only, after too many wrong messages (RFC 5452 §9.3).
    public func needsStream(now: UInt64) -> Bool { trust.needsStream(now: now) }

    /// Whether the server is known not to keep the case of letters.
    public func foldsCase(now: UInt64) -> Bool { trust.foldsCase(now: now) }

    /// Whether the server sends queries back to us, and is not asked.
    public func isLooping(now: UInt64) -> Bool { trust.isLooping(now: now) }
}
