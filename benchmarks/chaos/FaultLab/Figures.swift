/// What a set of samples says.
public struct Figures: Sendable {
    public var answers = 0
    public var stale = 0
    public var servFails = 0
    public var wrong = 0
    public var nothing = 0
    /// Milliseconds of the median and of the 99th percentile, and the longest.
    public var median = 0.0
    public var high = 0.0
    public var longest = 0.0

    public init(_ samples: some Sequence<Sample>) {
        var latencies: [UInt64] = []
        for sample in samples {
            switch sample.outcome {
            case .answer: answers += 1
            case .stale: stale += 1
            case .servFail: servFails += 1
            case .wrong: wrong += 1
            case .nothing: nothing += 1
            }
            latencies.append(sample.latency)
        }
        latencies.sort()
        median = Self.milliseconds(latencies, 0.5)
        high = Self.milliseconds(latencies, 0.99)
        longest = Double(latencies.last ?? 0) / 1e6
    }

    public var count: Int { answers + stale + servFails + wrong + nothing }

    /// The share of queries that got the right address, stale or not.
    public var answered: Double { count == 0 ? 0 : Double(answers + stale) / Double(count) }

    /// The share of queries that got the right address, and not a stale one.
    public var fresh: Double { count == 0 ? 0 : Double(answers) / Double(count) }

    private static func milliseconds(_ sorted: [UInt64], _ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let place = min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)
        return Double(sorted[max(0, place)]) / 1e6
    }
}
