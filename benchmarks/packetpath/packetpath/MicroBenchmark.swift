import EventLoop
import Scenarios

/// Measures the time of each scenario's operation.
enum MicroBenchmark {
    /// Repetitions, of which the median counts.
    private static let repetitions = 9
    /// Operations of one repetition: few enough that the caches of the scenarios do not fill.
    private static let operations = 8192

    /// Prints a table with nanoseconds per operation.
    static func run() throws(ScenarioError) {
        var table = TextTable(["scenario", "ns", "lowest", "highest"])
        for entry in ScenarioCatalog.entries {
            let scenario = try entry.make()
            try ScenarioRunner.warm(scenario)
            var figures: [Double] = []
            for _ in 0..<repetitions { figures.append(try measure(scenario)) }
            figures.sort()
            let shown = [figures[repetitions / 2], figures[0], figures[repetitions - 1]]
            table.append([entry.name] + shown.map { TextTable.decimal($0, places: 1) })
        }
        print("nanoseconds per operation, median of \(repetitions) times \(operations):")
        print(table.text)
    }

    private static func measure(_ scenario: any Scenario) throws(ScenarioError) -> Double {
        var total: UInt64 = 0
        try ScenarioRunner.run(scenario, operations) { run in
            let start = MonotonicClock.nanoseconds()
            let checksum = run()
            total += MonotonicClock.nanoseconds() - start
            return checksum
        }
        return Double(total) / Double(operations)
    }
}
