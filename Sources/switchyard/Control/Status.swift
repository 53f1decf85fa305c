import ArgumentParser
import Server

/// `switchyard status`: how the running server is.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say how the running server is.")

    @OptionGroup var options: ControlOptions

    func run() throws {
        let body = try options.client().get("/api/status")
        if options.json { return StandardStream.output.write(line: String(decoding: body, as: UTF8.self)) }
        let status = try ControlClient.decode(ServerStatus.self, body)
        for line in Self.lines(status) { StandardStream.output.write(line: line) }
    }

    /// The status as text.
    static func lines(_ status: ServerStatus) -> [String] {
        let lookups = status.cache.hits + status.cache.misses
        let share = lookups == 0 ? 0 : Double(status.cache.hits) / Double(lookups) * 100
        let drained = status.drained.isEmpty ? "" : ", drained: \(status.drained.joined(separator: ", "))"
        return [
            "switchyard \(status.version), up \(Figures.time(status.uptimeSeconds))",
            "listens on \(status.listen.joined(separator: ", ")) with \(status.workers) workers",
            "clusters: \(status.clusters)\(drained)",
            "queries: \(status.queries.udp) over UDP, \(status.queries.tcp) over TCP",
            "cache: \(status.cache.hits) hits, \(status.cache.misses) misses (\(Figures.tenths(share)) % hits)",
        ]
    }
}
