import ArgumentParser
import Configuration
import Server

/// `switchyard check FILE`: validates a configuration.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate a configuration file and print every mistake.",
        discussion: "Each mistake is a line `file:line:column: sentence`; the exit code is then 1."
    )

    @Argument(help: "The configuration file.")
    var file: String

    func run() throws {
        let loaded = try load()
        let configuration = loaded.configuration
        do throws(ServerError) {
            // Whether OpenSSL can use what `ca` names is known only when it has tried.
            try UpstreamStreamSupport.check(configuration)
        } catch {
            throw CommandFailure(error)
        }
        for warning in loaded.warnings {
            let place = "\(warning.file):\(warning.line):\(warning.column)"
            StandardStream.error.write(line: "\(place): warning: \(warning.message)")
        }
        let clusters = configuration.clusters.count
        print("\(file): valid, \(clusters) cluster\(clusters == 1 ? "" : "s")")
    }

    private func load() throws -> LoadedConfiguration {
        do throws(ConfigurationLoadError) {
            return try ConfigurationSource.file(path: file).load()
        } catch {
            throw CommandFailure(error)
        }
    }
}
