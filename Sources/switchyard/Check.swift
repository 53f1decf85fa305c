import ArgumentParser
import Configuration

/// `switchyard check FILE`: validates a configuration.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate a configuration file and print every mistake.",
        discussion: "Each mistake is a line `file:line:column: sentence`; the exit code is then 1."
    )

    @Argument(help: "The configuration file.")
    var file: String

    func run() throws {
        do throws(ConfigurationLoadError) {
            let configuration = try ConfigurationLoader.load(path: file)
            let clusters = configuration.clusters.count
            print("\(file): valid, \(clusters) cluster\(clusters == 1 ? "" : "s")")
        } catch {
            throw CommandFailure(error)
        }
    }
}
