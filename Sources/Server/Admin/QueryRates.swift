import EventLoop

/// Queries per second over the last minute, read off once a second.
///
/// Main thread.
final class QueryRates {
    /// Seconds that are kept.
    private static let length = 61
    private var totals: [UInt64] = []
    private let total: () -> UInt64
    private var timer: Timer?

    init(_ loop: EventLoop, total: @escaping () -> UInt64) throws(SystemError) {
        self.total = total
        timer = try Timer(loop) { [unowned self] in sample() }
        sample()
    }

    private func sample() {
        totals.append(total())
        if totals.count > Self.length { totals.removeFirst() }
        timer?.schedule(afterMilliseconds: 1000)
    }

    /// The mean over the last seconds, fewer where the server is younger.
    func perSecond(over seconds: Int) -> Double {
        let span = min(seconds, totals.count - 1)
        guard span > 0, let last = totals.last else { return 0 }
        return Double(last &- totals[totals.count - 1 - span]) / Double(span)
    }
}
