import ArgumentParser
import Server

/// `switchyard top`: what the server does, live.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show rates, hit rate, clusters and their servers, once a second.",
        discussion: "q or Ctrl-C ends it. When standard output is no terminal, one second is printed as text."
    )

    @OptionGroup var options: ControlOptions

    func run() throws {
        let client = try options.client()
        let first = try TopSample(client)
        guard !options.json, let terminal = Terminal() else { return try printOnce(client, first) }
        defer { terminal.restore() }
        var previous = first
        while !terminal.waitForEnd(milliseconds: 1000) {
            let current = try TopSample(client)
            let size = terminal.size
            let lines = TopView(current, since: previous).lines(rows: size.rows)
            terminal.show(lines.prefix(size.rows).map { String($0.prefix(size.columns)) })
            previous = current
        }
    }

    private func printOnce(_ client: ControlClient, _ first: TopSample) throws {
        Terminal.pause(milliseconds: 1000)
        let current = try TopSample(client)
        if options.json { return StandardStream.output.write(line: try JSONText.of(current)) }
        for line in TopView(current, since: first).lines(rows: .max) {
            StandardStream.output.write(line: line)
        }
    }
}
