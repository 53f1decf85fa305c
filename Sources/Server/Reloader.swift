import Configuration
import FoundationEssentials
import Logging

/// Loads the configuration anew while the server runs: all of it, or nothing.
///
/// Control thread.
final class Reloader {
    /// What came of it.
    private(set) var status: ReloadStatus

    private let source: ConfigurationSource
    private let logger: Logger
    private let apply: (ServerConfiguration) throws(ServerError) -> Void
    /// The configuration in use.
    private var running: ServerConfiguration

    /// - Parameter apply: lets the server use a configuration; what it throws has changed nothing.
    init(
        _ source: ConfigurationSource,
        running: ServerConfiguration,
        logger: Logger,
        apply: @escaping (ServerConfiguration) throws(ServerError) -> Void
    ) {
        self.source = source
        self.running = running
        self.logger = logger
        self.apply = apply
        status = ReloadStatus(startedAt: Self.seconds)
    }

    /// Reads the configuration and uses it, unless it has a mistake.
    func reload() {
        do throws(ConfigurationLoadError) {
            use(try source.load())
        } catch {
            switch error {
            case .unreadable(let file): refuse([file.description])
            case .invalid(let error): refuse(error.problems.map(\.description))
            }
        }
    }

    private func use(_ configuration: ServerConfiguration) {
        var configuration = configuration
        let keys = configuration.keepUntilRestart(running)
        do throws(ServerError) {
            try apply(configuration)
        } catch {
            return refuse([error.description])
        }
        running = configuration
        status.succeed(at: Self.seconds, keysAwaitingRestart: keys)
        for key in keys { logger.warning("the new value of `\(key)` takes effect after a restart") }
        logger.info("configuration loaded", metadata: ["clusters": "\(configuration.clusters.count)"])
    }

    private func refuse(_ mistakes: [String]) {
        status.fail(mistakes, at: Self.seconds)
        for mistake in status.problems { logger.error("\(mistake)") }
        let more = mistakes.count - status.problems.count
        if more > 0 { logger.error("and \(more) more mistakes; `switchyard check` shows all") }
        logger.error("the configuration stays as it was; correct the above")
    }

    private static var seconds: Double { Date.now.timeIntervalSince1970 }
}
