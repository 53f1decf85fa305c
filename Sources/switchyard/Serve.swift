import ArgumentParser
import Configuration
import FoundationEssentials
import Server

/// `switchyard serve`: the server.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer queries until SIGTERM or SIGINT.",
        discussion: """
            Without --config the file is \(Self.defaultFile); where there is none, the server listens on \
            loopback, port 53, and forwards to the nameservers of /etc/resolv.conf.
            """
    )

    static let defaultFile = "/etc/switchyard/switchyard.yaml"

    @Option(name: [.short, .customLong("config")], help: "The configuration file.")
    var config: String?

    func run() throws {
        let source = source
        try ServerRunner.run(try load(source), from: source)
    }

    private func load(_ source: ConfigurationSource) throws -> LoadedConfiguration {
        do throws(ConfigurationLoadError) {
            return try source.load()
        } catch {
            throw CommandFailure(error)
        }
    }

    private var source: ConfigurationSource {
        if let config { return .file(path: config) }
        let hasFile = FileManager.default.fileExists(atPath: Self.defaultFile)
        return hasFile ? .file(path: Self.defaultFile) : .builtInDefaults
    }
}
