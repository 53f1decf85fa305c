import Testing

@testable import Scenarios

/// Every scenario does what it measures, and notices when it does not.
@Suite struct ScenarioTests {
    /// A batch and a part of one.
    private static let operations = batchSize + 3

    /// The table of 100,000 clusters takes its time without optimization.
    private static let names = ScenarioCatalog.entries.map(\.name).filter { $0 != "route-100000" }

    @Test(arguments: names)
    func everyOutputIsRight(name: String) throws {
        let scenario = try #require(ScenarioCatalog.entry(name)).make()
        try ScenarioRunner.run(scenario, Self.operations)
    }

    @Test(arguments: names)
    func theSameOperationsGiveTheSameChecksum(name: String) throws {
        let entry = try #require(ScenarioCatalog.entry(name))
        let first = try ScenarioRunner.run(try entry.make(), Self.operations)
        #expect(try ScenarioRunner.run(try entry.make(), Self.operations) == first)
    }

    @Test func namesAreDistinct() {
        let names = ScenarioCatalog.entries.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func anUnknownNameIsNoScenario() {
        #expect(ScenarioCatalog.entry("hits") == nil)
    }

    @Test func onlyTheMeasuredPartIsMeasured() throws {
        let scenario = ScriptedScenario()
        var calls = 0
        try ScenarioRunner.warm(scenario, 10)
        try ScenarioRunner.run(scenario, 2 * batchSize + 1) { run in
            calls += 1
            return run()
        }
        #expect(calls == 3)
        #expect(scenario.prepared == [10, batchSize, batchSize, 1])
        #expect(scenario.checked == scenario.prepared)
    }

    @Test func aFailedCheckEndsTheRun() {
        let scenario = ScriptedScenario()
        scenario.isWrong = true
        #expect(throws: ScenarioError.self) { try ScenarioRunner.run(scenario, 3 * batchSize) }
        #expect(scenario.checked.count == 1)
    }
}

/// Notes what the runner asks of it.
private final class ScriptedScenario: Scenario {
    var prepared: [Int] = []
    var checked: [Int] = []
    var isWrong = false

    func prepare(_ count: Int) { prepared.append(count) }

    func run(_ count: Int) -> UInt64 { UInt64(count) }

    func check(_ count: Int) throws(ScenarioError) {
        checked.append(count)
        if isWrong { throw ScenarioError("as the test wants it") }
    }
}
