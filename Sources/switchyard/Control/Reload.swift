import ArgumentParser
import Server

/// `switchyard reload`: has the server read its configuration again.
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the server load its configuration again.",
        discussion:
            "When it has a mistake, nothing changes, every mistake is printed, and the exit code is 1."
    )

    @OptionGroup var options: ControlOptions

    func run() throws {
        let body = try options.client().post("/control/reload")
        let report = try ControlClient.decode(ReloadReport.self, body)
        if options.json { StandardStream.output.write(line: String(decoding: body, as: UTF8.self)) }
        guard report.hasSucceeded else { throw Self.failure(report) }
        if options.json { return }
        StandardStream.output.write(line: "the configuration is loaded")
        for key in report.keysAwaitingRestart {
            StandardStream.output.write(line: "the new value of `\(key)` takes effect after a restart")
        }
    }

    private static func failure(_ report: ReloadReport) -> CommandFailure {
        let more = report.problemCount - report.problems.count
        let rest = more > 0 ? ["and \(more) more mistakes; `switchyard check` shows all"] : []
        let lines = report.problems + rest + ["the configuration stays as it was; correct the above"]
        return CommandFailure(code: 1, message: lines.joined(separator: "\n"))
    }
}
