import CCounting
import Scenarios

/// Counts allocations and reference counting of warm operations, and requires none where there must be none.
enum AllocationGate {
    /// Scenarios that must not allocate, with the retains that they may do in a batch, and as many releases.
    static let mustBeFree: [String: UInt64] = [
        "local": 0,
        "hit": 0, "hit-dnssec-ok": 0, "hit-nxdomain": 0, "hit-nodata": 0, "hit-1200": 0, "hit-rotated": 0,
        // A round of the loop keeps alive what it calls; what it does for each query is free.
        "tcp": 4,
        "parse": 0, "route-10": 0, "route-1000": 0, "route-10000": 0, "route-100000": 0, "map": 0,
        "insert": 0, "evict": 0,
        // A pending query is an object that is used again: it allocates nothing, and is held some times.
        "miss": 6 * 64, "miss-default": 6 * 64, "response": 6 * 64,
    ]

    /// Operations that are counted.
    private static let operations = 1000

    /// Counts all scenarios and prints a table; returns whether all that must be free are.
    static func run() throws(ScenarioError) -> Bool {
        for name in mustBeFree.keys where ScenarioCatalog.entry(name) == nil {
            throw ScenarioError("there is no scenario \(name)")
        }
        try checkThatCountingWorks()
        var table = TextTable([
            "scenario", "allocations", "frees", "retains", "releases", "per operation", "",
        ])
        var isPassed = true
        for entry in ScenarioCatalog.entries {
            let counts = try count(try entry.make())
            let isFree = mustBeFree[entry.name].map { isWithin(counts, referencesPerBatch: $0) }
            let verdict = isFree.map { $0 ? "ok" : "TOO MANY" } ?? ""
            if isFree == false { isPassed = false }
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

    private static func isWithin(_ counts: Counts, referencesPerBatch: UInt64) -> Bool {
        let allowed = referencesPerBatch * UInt64((operations + batchSize - 1) / batchSize)
        return counts.allocations == 0 && counts.retains <= allowed && counts.releases <= allowed
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
