import ArgumentParser
import FaultLab
import Foundation

/// Breaks one of three clusters in every way there is, and looks at what clients get.
@main
struct ChaosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Break one of three clusters while clients ask, and check what they get."
    )

    @Option(help: "The server's binary.")
    var switchyard = ".build/release/switchyard"

    @Option(help: "Only faults whose name contains this.")
    var only = ""

    @Option(help: "Queries per second for each cluster.")
    var rate = 200

    @Option(help: "Seconds of the fault, and of the load before it.")
    var seconds = 8

    @Flag(help: "Also write the tables to benchmarks/results/chaos-DATE.md.")
    var save = false

    /// Tries of a fault in which nothing fails but the p99 of the healthy clusters.
    private static let tries = 3

    func validate() throws {
        guard (10...2_000).contains(rate) else { throw ValidationError("--rate must be from 10 to 2000") }
        guard (2...60).contains(seconds) else { throw ValidationError("--seconds must be from 2 to 60") }
    }

    func run() throws {
        let plan = LoadPlan(
            rate: rate,
            before: seconds * 1_000,
            during: seconds * 1_000
        )
        var report = ChaosReport()
        for fault in Fault.all where only.isEmpty || fault.name.contains(only) {
            var result = try run(fault, plan)
            for _ in 1..<Self.tries where result.mayBeNoise {
                Self.tell(result)
                result = try run(fault, plan)
            }
            report.append(result)
            Self.tell(result)
        }
        let text = Self.heading(plan) + report.markdown
        print(text)
        if save { try Data(text.utf8).write(to: URL(fileURLWithPath: Self.resultFile())) }
        for failure in report.failures { Self.say("chaos: \(failure)") }
        if !report.failures.isEmpty { throw ExitCode.failure }
    }

    private func run(_ fault: Fault, _ plan: LoadPlan) throws -> ChaosResult {
        let lab = try ChaosLab(fault) { try TLSFrontEnd(before: $0) }
        defer { lab.stop() }
        let server = try ServerProcess(binary: switchyard, configuration: lab.configuration)
        defer { server.stop() }
        return try lab.run(plan, port: server.port, pid: server.pid)
    }

    /// Where results are kept, from the project's folder.
    private static func resultFile() -> String {
        let date = Date.now.formatted(.iso8601.year().month().day())
        return "benchmarks/results/chaos-\(date).md"
    }

    private static func heading(_ plan: LoadPlan) -> String {
        """
        # One cluster of three is broken

        \(plan.rate) queries a second for each cluster: 60 % about popular names (TTL 5), 30 % about new ones, 10 %
        about names that were first asked while the cluster was broken. \(plan.before / 1_000) s before the fault,
        \(plan.during / 1_000) s of it. [README.md](../README.md#faults) explains the columns.


        """
    }

    /// Says how far the run is, and what the server told its clients.
    private static func tell(_ result: ChaosResult) {
        let failed = result.checks.contains { $0?.isPassed == false }
        say(
            "\(result.fault.name): \(failed ? "FAILED" : "passed")"
        )
        let texts = result.errorTexts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        for (text, count) in texts.prefix(6) { say("    \(count) x \(text)") }
    }

    private static func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}
