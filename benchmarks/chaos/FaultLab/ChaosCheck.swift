/// One cell of the table: a figure and whether it is good enough.
public struct ChaosCheck: Sendable {
    public let text: String
    public let isPassed: Bool
    /// One sentence about what is wrong.
    public let failure: String
    /// Whether it depends on the speed of the machine.
    public let isAboutSpeed: Bool
}

/// What is required; times in milliseconds.
public enum ChaosBounds {
    /// The p99 of the healthy clusters may grow by this factor.
    public static let growth = 1.2
    /// A p99 below this counts as this: what one turn of the system's scheduler costs.
    public static let floor = 2.0
    /// Every query is answered before a stub resolver gives up: the server's deadline of 4 s, and a margin.
    public static let deadline = 4_500.0
    /// A server that is known to be down costs its clients no more.
    public static let fast = 5.0
    /// Queries per second to a server that is known to be down.
    public static let trials = 10.0
    /// Octets.
    public static let memory = 16 << 20
}

extension ChaosResult {
    /// The columns of the table.
    public static let columns = [
        "healthy p99", "healthy answered", "popular answered", "longest", "down: median", "down: queries/s",
        "new answered", "good again", "all good", "memory",
    ]

    /// What is required, in the order of the columns; nil where nothing is.
    public var checks: [ChaosCheck?] {
        [
            healthyLatency, healthyAnswers, popularAnswers, longestWait, failsFast, trials, newAnswers,
            goodAgain,
            allGood, memory,
        ]
    }

    /// Whether nothing failed but the p99 of the healthy clusters, which other programs can spoil, too.
    public var mayBeNoise: Bool {
        !healthyLatency.isPassed && checks.dropFirst().allSatisfy { $0?.isPassed ?? true }
    }

    private var healthyLatency: ChaosCheck {
        let before = healthy(.before).high
        let during = healthy(.during).high
        let control = self.control(.during).high
        let limit = max(before, control, ChaosBounds.floor) * ChaosBounds.growth
        return ChaosCheck(
            text: "\(Decimal.text(before)) → \(Decimal.text(during)) (\(Decimal.text(control))) ms",
            isPassed: during <= limit,
            failure: "the p99 of the healthy clusters rose above \(Decimal.text(limit)) ms",
            isAboutSpeed: true
        )
    }

    private var healthyAnswers: ChaosCheck {
        let figures = Figures(samples.lazy.filter { Self.isHealthy($0) && $0.phase != .warmUp })
        return ChaosCheck(
            text: Decimal.percent(figures.fresh),
            isPassed: figures.fresh == 1,
            failure: "\(figures.count - figures.answers) queries about healthy clusters got no right answer",
            isAboutSpeed: false
        )
    }

    private var popularAnswers: ChaosCheck {
        let figures = brokenFigures(.during, .popular)
        return ChaosCheck(
            text: "\(Decimal.percent(figures.answered)), \(figures.stale) stale",
            isPassed: figures.answered == 1,
            failure:
                "\(figures.count - figures.answers - figures.stale) queries about popular names got nothing",
            isAboutSpeed: false
        )
    }

    private var longestWait: ChaosCheck {
        let figures = Figures(samples.lazy.filter { $0.phase != .warmUp })
        let isPassed = figures.nothing == 0 && figures.wrong == 0 && figures.longest <= ChaosBounds.deadline
        return ChaosCheck(
            text: "\(Decimal.text(figures.longest)) ms",
            isPassed: isPassed,
            failure: "\(figures.nothing) queries got no reply, \(figures.wrong) a wrong one; "
                + "the longest took \(Decimal.text(figures.longest)) ms",
            isAboutSpeed: false
        )
    }

    private var failsFast: ChaosCheck? {
        guard fault.isOutage else { return nil }
        let figures = brokenFigures(.during, .new, .returning, steady: true)
        return ChaosCheck(
            text: "\(Decimal.text(figures.median)) ms",
            isPassed: figures.median <= ChaosBounds.fast,
            failure:
                "failing took longer than \(Decimal.text(ChaosBounds.fast)) ms though the server was down",
            isAboutSpeed: true
        )
    }

    private var trials: ChaosCheck? {
        guard fault.isOutage, fault.countsQueries else { return nil }
        return ChaosCheck(
            text: Decimal.text(received),
            isPassed: received <= ChaosBounds.trials,
            failure: "a server that was down got \(Decimal.text(received)) queries a second",
            isAboutSpeed: true
        )
    }

    private var newAnswers: ChaosCheck? {
        let figures = brokenFigures(.during, .new, steady: !fault.hasSpare)
        guard let least = fault.answered else { return nil }
        return ChaosCheck(
            text: Decimal.percent(figures.answered),
            isPassed: figures.answered >= least,
            failure: "less than \(Decimal.percent(least)) of the new names were answered",
            isAboutSpeed: true
        )
    }

    private var goodAgain: ChaosCheck {
        ChaosCheck(
            text: firstGood.map { "\(Decimal.text($0)) ms" } ?? "never",
            isPassed: firstGood.map { $0 <= Double(Fault.goodAgain) } ?? false,
            failure: "after the fault no right answer came within \(Fault.goodAgain) ms",
            isAboutSpeed: true
        )
    }

    private var allGood: ChaosCheck {
        ChaosCheck(
            text: "\(Decimal.text(lastBad)) ms",
            isPassed: lastBad <= Double(fault.allGood),
            failure: "queries failed later than \(fault.allGood) ms after the fault",
            isAboutSpeed: true
        )
    }

    private var memory: ChaosCheck {
        let growth = memoryGrowth ?? 0
        return ChaosCheck(
            text: memoryGrowth == nil ? "ended" : "\(Decimal.text(Double(growth) / 1_048_576)) MiB",
            isPassed: memoryGrowth != nil && growth <= ChaosBounds.memory,
            failure: memoryGrowth == nil
                ? "the server ended" : "the server's memory grew by \(growth >> 10) KiB",
            isAboutSpeed: false
        )
    }
}
