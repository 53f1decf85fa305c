import CCounting
import Scenarios

/// Counts allocations and reference counting of warm operations, and requires none where there must be none.
enum AllocationGate {
    /// Scenarios that must neither allocate nor touch a reference count.
    static let mustBeFree: Set<String> = [
        "hit", "hit-dnssec-ok", "hit-nxdomain", "hit-nodata", "hit-1200", "hit-rotated", "tcp", "parse",
        "route-10",
        "route-1000", "route-100000", "map", "insert", "evict",
    ]

    /// Operations that are counted.
    private static let operations = 1000

    /// Counts all scenarios and prints a table; returns whether all that must be free are.
    static func run() throws(ScenarioError) -> Bool {
        let unknown = mustBeFree.subtracting(ScenarioCatalog.entries.map(\.name))
        guard unknown.isEmpty else { throw ScenarioError("no such scenarios: \(unknown.sorted())") }
        try checkThatCountingWorks()
        var table = TextTable([
            "scenario", "allocations", "frees", "retains", "releases", "per operation", "",
        ])
        var isPassed = true
        for entry in ScenarioCatalog.entries {
            let counts = try count(try entry.make())
            let isFree = counts.allocations + counts.retains + counts.releases == 0
            let verdict = mustBeFree.contains(entry.name) ? (isFree ? "ok" : "MUST BE 0") : ""
            if verdict == "MUST BE 0" { isPassed = false }
            let total = counts.allocations + counts.retains + counts.releases
            table.append(
                [entry.name]
                    + [counts.allocations, counts.frees, counts.retains, counts.releases].map { "\($0)" }
                    + [TextTable.decimal(Double(total) / Double(operations), places: 2), verdict]
            )
        }
        print("\(operations) warm operations each:")
        print(table.text)
        return isPassed
    }

    private struct Counts {
        var allocations: UInt64 = 0
        var frees: UInt64 = 0
        var retains: UInt64 = 0
        var releases: UInt64 = 0

        mutating func add(_ after: ccounting_counts, since before: ccounting_counts) {
            allocations += after.allocations - before.allocations
            frees += after.frees - before.frees
            retains += after.retains - before.retains
            releases += after.releases - before.releases
        }
    }

    private static func count(_ scenario: any Scenario) throws(ScenarioError) -> Counts {
        try ScenarioRunner.warm(scenario)
        var counts = Counts()
        try ScenarioRunner.run(scenario, operations) { run in
            let before = ccounting_counts()
            let checksum = run()
            counts.add(ccounting_counts(), since: before)
            return checksum
        }
        return counts
    }

    /// A gate that counts nothing would always be open.
    private static func checkThatCountingWorks() throws(ScenarioError) {
        let counts = try count(ControlScenario())
        let wanted = UInt64(operations)
        guard counts.allocations == wanted, counts.frees == wanted, counts.retains >= wanted,
            counts.releases >= wanted
        else { throw ScenarioError("counting does not work: \(counts) for \(operations) objects") }
    }
}
