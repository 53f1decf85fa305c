/// How long to wait before the next batch of datagrams is received.
///
/// Each batch has a price, whatever its size: the loop wakes, asks what is ready, receives, and the clients wake in turn.
/// At a high rate a pause lets several datagrams share it. At a low rate nothing waits, and under a flood batches are
/// full without it.
struct ReceivePace {
    /// Nanoseconds between two datagrams, smoothed over about eight batches.
    private var gap = Self.gapMax
    private var lastBatch: UInt64 = 0

    /// The largest gap that is told from others, so that a batch after a long silence ends the pauses.
    private static let gapMax: UInt64 = 1_000_000

    /// The nanoseconds to pause after a batch that was not full; 0 means none.
    ///
    /// - Parameters:
    ///   - count: its datagrams, at least 1.
    ///   - now: when it was received, in nanoseconds of a clock that never goes back.
    mutating func pause(after count: Int, at now: UInt64) -> UInt64 {
        let sample = min((now - lastBatch) / UInt64(count), Self.gapMax)
        lastBatch = now
        gap = (7 * gap + sample) / 8
        guard gap <= TransportLimits.gatherGapNanoseconds else { return 0 }
        return min(gap * TransportLimits.gatherCount, TransportLimits.gatherNanosecondsMax)
    }
}
