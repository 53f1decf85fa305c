import ArgumentParser
import Server

/// `switchyard flush`: takes answers out of the cache.
struct Flush: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take answers and remembered failures out of the cache.",
        discussion: "Without a name and options all of them; with several of these, what all of them say."
    )

    @Argument(help: "Answers for this name, of all clusters and types.")
    var name: String?

    @Argument(help: "Answers of this type only.")
    var type: String?

    @Flag(name: .long, help: "Also answers for all names below the name.")
    var subtree = false

    @Flag(name: .long, help: "NXDOMAIN, no data and failures only.")
    var negative = false

    @Option(name: .long, help: "Answers of this cluster only.")
    var cluster: String?

    @OptionGroup var options: ControlOptions

    func validate() throws {
        if subtree, name == nil { throw ValidationError("--subtree needs a name; give the one at its top") }
    }

    func run() throws {
        let fields = [
            ("name", name), ("type", type), ("cluster", cluster), ("subtree", subtree ? "true" : nil),
            ("negative", negative ? "true" : nil),
        ]
        let body = try options.client().post("/control/flush", fields)
        if options.json { return StandardStream.output.write(line: String(decoding: body, as: UTF8.self)) }
        let report = try ControlClient.decode(FlushReport.self, body)
        StandardStream.output.write(line: "flushed \(report.answers) answers and \(report.failures) failures")
    }
}
