/// The tables of a run, in Markdown.
public struct ChaosReport {
    private var rows: [String] = []
    private var details: [String] = []
    /// Sentences about what failed.
    public private(set) var failures: [String] = []

    public init() {}

    /// Adds a fault that was tried.
    public mutating func append(_ result: ChaosResult) {
        let cells = result.checks.map { check in
            check.map { "\($0.text) \($0.isPassed ? "✓" : "✗")" } ?? "-"
        }
        rows.append(row([result.fault.name] + cells))
        failures += result.checks.compactMap { check in
            check.flatMap { $0.isPassed ? nil : "\(result.fault.name): \($0.failure)" }
        }
        details.append(contentsOf: phases(of: result))
    }

    /// Both tables with their headings.
    public var markdown: String {
        let titles = ["fault"] + ChaosResult.columns
        let detailTitles = [
            "fault", "cluster", "phase", "answers", "stale", "SERVFAIL", "wrong", "none", "p50 ms", "p99 ms",
        ]
        return
            ([row(titles), row(titles.map { _ in "---" })] + rows + [""]
            + [row(detailTitles), row(detailTitles.map { _ in "---" })] + details)
            .joined(separator: "\n") + "\n"
    }

    private func phases(of result: ChaosResult) -> [String] {
        LoadPlan.clusters.indices.flatMap { cluster in
            [Phase.before, .during, .after].map { phase in
                let figures = result.figures(cluster, phase)
                let counts = [
                    figures.answers, figures.stale, figures.servFails, figures.wrong, figures.nothing,
                ]
                return row(
                    [result.fault.name, LoadPlan.clusters[cluster], "\(phase)"] + counts.map { "\($0)" }
                        + [Decimal.text(figures.median), Decimal.text(figures.high)]
                )
            }
        }
    }

    private func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
}
