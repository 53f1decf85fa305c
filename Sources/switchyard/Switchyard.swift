import ArgumentParser
import Server

/// The command `switchyard`.
@main
struct Switchyard: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchyard",
        abstract: "One DNS resolver in front of many Kubernetes clusters.",
        version: ServerVersion.number,
        subcommands: [
            Serve.self, Check.self, Import.self, Demo.self, Status.self, Reload.self, Explain.self,
            Flush.self, Drain.self, Restore.self, Top.self,
        ]
    )

    /// Parses, runs, and ends with 0 done, 1 wrong input, 2 usage, 3 refused by the system.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            failure.report()
            Self.exit(withError: ExitCode(failure.code))
        } catch {
            let code = exitCode(for: error)
            if code.isSuccess || error is ExitCode { Self.exit(withError: error) }
            CommandFailure(code: 2, message: fullMessage(for: error)).report()
            Self.exit(withError: ExitCode(2))
        }
    }
}
