/// Runs a scenario in batches.
public enum ScenarioRunner {
    /// Operations before measured ones, over which tables and buffers reach their sizes.
    public static let warmUp = 2048

    /// Does `count` operations that nobody measures.
    public static func warm(_ scenario: any Scenario, _ count: Int = warmUp) throws(ScenarioError) {
        try inBatches(scenario, count) { scenario.run($0) }
    }

    /// Does `count` operations; `measure` is called with the part of each batch that counts.
    ///
    /// - Returns: a checksum over all outputs.
    @discardableResult
    public static func run(
        _ scenario: any Scenario,
        _ count: Int,
        measure: (() -> UInt64) -> UInt64 = { $0() }
    ) throws(ScenarioError) -> UInt64 {
        try inBatches(scenario, count) { size in measure { runMeasured(scenario, size) } }
    }

    @discardableResult
    private static func inBatches(
        _ scenario: any Scenario,
        _ count: Int,
        _ run: (Int) -> UInt64
    ) throws(ScenarioError) -> UInt64 {
        var checksum: UInt64 = 0
        var left = count
        while left > 0 {
            let size = min(left, batchSize)
            try scenario.prepare(size)
            checksum = checksum &* 31 &+ run(size)
            try scenario.check(size)
            left -= size
        }
        return checksum
    }
}

/// The measured part of a batch, under a name that tools find.
@inline(never)
@_silgen_name("packetpath_measured")
func runMeasured(_ scenario: any Scenario, _ count: Int) -> UInt64 { scenario.run(count) }
