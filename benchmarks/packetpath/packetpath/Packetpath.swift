import Glibc
import Scenarios

/// Runs the scenarios of the packet path.
@main
struct Packetpath {
    private static let usage = """
        usage: packetpath list                 names the scenarios
               packetpath run SCENARIO COUNT   runs one, for tools that watch packetpath_measured
               packetpath allocations          counts allocations and references, fails where there must be none
               packetpath micro                measures the time of each
        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do throws(ScenarioError) {
            switch (arguments.first, arguments.count) {
            case ("list", 1): for entry in ScenarioCatalog.entries { print(entry.name) }
            case ("run", 3): try run(arguments[1], arguments[2])
            case ("allocations", 1):
                guard try AllocationGate.run() else {
                    fail("something is allocated or counted on a free path")
                }
            case ("micro", 1): try MicroBenchmark.run()
            default: fail(usage)
            }
        } catch {
            fail("\(error)")
        }
    }

    private static func run(_ name: String, _ count: String) throws(ScenarioError) {
        guard let number = Int(count), number > 0 else { fail("\(count) is no number of operations") }
        guard let entry = ScenarioCatalog.entry(name) else { fail("there is no scenario \(name)") }
        let scenario = try entry.make()
        try ScenarioRunner.warm(scenario)
        print(try ScenarioRunner.run(scenario, number))
    }

    private static func fail(_ reason: String) -> Never {
        StandardError.write("packetpath: \(reason)\n")
        exit(1)
    }
}
