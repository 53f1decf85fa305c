import Glibc
import Scenarios

/// Runs the scenarios of the packet path: `packetpath run SCENARIO COUNT`.
@main
struct Packetpath {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do throws(ScenarioError) {
            switch arguments.first {
            case "run" where arguments.count == 3:
                try run(arguments[1], arguments[2])
            default:
                fail("usage: packetpath run SCENARIO COUNT")
            }
        } catch {
            fail("\(error)")
        }
    }

    private static func run(_ name: String, _ count: String) throws(ScenarioError) {
        guard let count = Int(count), count > 0 else { fail("\(count) is no number of operations") }
        guard let entry = ScenarioCatalog.entry(name) else { fail("there is no scenario \(name)") }
        let scenario = try entry.make()
        try ScenarioRunner.warm(scenario)
        print(try ScenarioRunner.run(scenario, count))
    }

    private static func fail(_ reason: String) -> Never {
        _ = unsafe "packetpath: \(reason)\n".withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
        exit(1)
    }
}
