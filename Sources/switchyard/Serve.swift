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

    private static let defaultFile = "/etc/switchyard/switchyard.yaml"

    @Option(name: [.short, .customLong("config")], help: "The configuration file.")
    var config: String?

    func run() throws {
        try ServerRunner.run(try load())
    }

    private func load() throws -> ServerConfiguration {
        do throws(ConfigurationLoadError) {
            if let config { return try ConfigurationLoader.load(path: config) }
            if FileManager.default.fileExists(atPath: Self.defaultFile) {
                return try ConfigurationLoader.load(path: Self.defaultFile)
            }
            do throws(ConfigurationError) {
                return try ConfigurationLoader.builtInDefaults()
            } catch {
                throw .invalid(error)
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}
