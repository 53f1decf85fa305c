import ArgumentParser
import Configuration
import DNSWire
import PresentationFormat
import Server

/// `switchyard explain NAME [TYPE]`: where a question goes, and why.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which route, cluster and servers a question has, and what is cached of it.",
        discussion: """
            Asks the running server, which sends nothing for it; with --config the configuration alone is \
            looked at, and no server needs to run.
            """
    )

    @Argument(help: "The name, as a client asks for it.")
    var name: String

    @Argument(help: "The type of records.")
    var type = "A"

    @Option(name: .long, help: "The control socket of the server.")
    var socket: String?

    @Option(name: [.short, .customLong("config")], help: "Explain by this configuration alone.")
    var config: String?

    @Flag(name: .long, help: "Also send the question to the server, as a client would.")
    var live = false

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func validate() throws {
        if live, config != nil {
            throw ValidationError("--live asks the running server; leave out --config, or name its --socket")
        }
    }

    func run() throws {
        if let config { return try print(try explain(by: config)) }
        let client = ControlClient(path: try ControlSocket.path(socket, nil))
        let fields = [("name", name), ("type", type), ("live", live ? "true" : nil)]
        let body = try client.get("/api/explain", fields)
        if json { return StandardStream.output.write(line: String(decoding: body, as: UTF8.self)) }
        try print(try ControlClient.decode(ExplainReport.self, body))
    }

    private func explain(by file: String) throws -> ExplainReport {
        guard let type = RecordType(mnemonic: type) else {
            throw CommandFailure(
                code: 1,
                message: "switchyard: `\(type)` is no record type; write one as `AAAA` or `TYPE28`"
            )
        }
        let name: DomainName
        do throws(PresentationError) {
            name = try DomainName(presentation: self.name)
        } catch {
            throw CommandFailure(code: 1, message: "switchyard: \(error.message)")
        }
        do throws(ConfigurationLoadError) {
            return ExplainReport(try ConfigurationLoader.load(path: file), name, type)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func print(_ report: ExplainReport) throws {
        if json { return StandardStream.output.write(line: try JSONText.of(report)) }
        for line in report.lines { StandardStream.output.write(line: line) }
        if let live = report.live { StandardStream.output.write(line: "live: \(live.text)") }
    }
}
