/// What clients of three clusters got while one of them was broken.
public struct ChaosResult: Sendable {
    public let fault: Fault
    public let plan: LoadPlan
    public let samples: [Sample]
    /// Codes and texts of the Extended DNS Errors, with their number.
    public let errorTexts: [String: Int]
    /// Queries per second that the broken server got in the second half of the fault.
    public let received: Double
    /// Octets by which the server's resident memory grew from the beginning of the fault on; nil when it ended.
    public let memoryGrowth: Int?

    /// The place of the cluster that is broken.
    static let broken = 0

    /// The figures of one cluster in one phase.
    public func figures(_ cluster: Int, _ phase: Phase) -> Figures {
        Figures(samples.lazy.filter { $0.cluster == cluster && $0.phase == phase })
    }

    /// The figures of the clusters that are not broken, in one phase.
    public func healthy(_ phase: Phase) -> Figures {
        Figures(samples.lazy.filter { Self.isHealthy($0) && $0.phase == phase })
    }

    /// Whether a query was about a cluster that is not broken.
    static func isHealthy(_ sample: Sample) -> Bool {
        sample.cluster != broken && sample.cluster != LoadPlan.control
    }

    /// The figures of queries that went to a server directly: what the machine does with them.
    public func control(_ phase: Phase) -> Figures { figures(LoadPlan.control, phase) }

    /// The figures of the broken cluster for these kinds of names.
    public func brokenFigures(_ phase: Phase, _ kinds: NameKind..., steady: Bool = false) -> Figures {
        let begin = steady ? UInt64(plan.start(of: .during) + plan.during / 2) * 1_000_000 : 0
        return Figures(
            samples.lazy.filter {
                $0.cluster == Self.broken && $0.phase == phase && kinds.contains($0.kind)
                    && $0.sentAt >= begin
            }
        )
    }

    /// Milliseconds from the end of the fault to the first right answer for a name that is not in the cache.
    public var firstGood: Double? {
        recovery { $0.kind == .new && $0.outcome == .answer }.map(\.arrival).min()
    }

    /// Milliseconds from the end of the fault to the last query that did not get the right answer; 0 without any.
    public var lastBad: Double { recovery { $0.outcome != .answer }.map(\.sending).max() ?? 0 }

    private func recovery(_ matches: (Sample) -> Bool) -> [(sending: Double, arrival: Double)] {
        let start = Double(plan.start(of: .after))
        return samples.filter { $0.cluster == Self.broken && $0.phase == .after && matches($0) }.map {
            let sending = Double($0.sentAt) / 1e6 - start
            return (sending, sending + Double($0.latency) / 1e6)
        }
    }
}
