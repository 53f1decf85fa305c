import Configuration
import EventLoop
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
    /// The configuration in use, as it was read.
    private var loaded: LoadedConfiguration
    /// The same with what waits for a restart as it was.
    private var running: ServerConfiguration
    /// Of the last reading, good or not.
    private var fingerprint: Int
    private var files: FileFollower?

    /// - Parameter apply: lets the server use a configuration; what it throws has changed nothing.
    init(
        _ source: ConfigurationSource,
        _ loaded: LoadedConfiguration,
        logger: Logger,
        apply: @escaping (ServerConfiguration) throws(ServerError) -> Void
    ) {
        self.source = source
        self.loaded = loaded
        running = loaded.configuration
        fingerprint = loaded.fingerprint
        self.logger = logger
        self.apply = apply
        status = ReloadStatus(startedAt: Self.seconds)
    }

    /// Begins to load the configuration each time that its files change.
    func followFiles(_ loop: EventLoop) throws(SystemError) {
        guard !loaded.paths.isEmpty else { return }
        let paths = Self.absolute(loaded.paths)
        files = try FileFollower(loop, paths: paths, logger: logger) { [unowned self] in
            read(onlyIfChanged: true)
        }
        // They may have changed between the reading at the start and now.
        files?.reportSoon()
    }

    /// Reads the configuration and uses it, unless it has a mistake.
    func reload() { read(onlyIfChanged: false) }

    private func read(onlyIfChanged: Bool) {
        let reading = source.read(after: loaded)
        files?.follow(Self.absolute(reading.paths))
        if onlyIfChanged, reading.fingerprint == fingerprint { return }
        fingerprint = reading.fingerprint
        switch reading.result {
        case .success(let loaded): use(loaded)
        case .failure(.unreadable(let file)): refuse([file.description])
        case .failure(.invalid(let error)): refuse(error.problems.map(\.description))
        }
    }

    private func use(_ new: LoadedConfiguration) {
        var configuration = new.configuration
        let keys = configuration.keepUntilRestart(running)
        do throws(ServerError) {
            try apply(configuration)
        } catch {
            return refuse([error.description])
        }
        loaded = new
        running = configuration
        let mistakes = new.problems.map(\.description)
        status.load(at: Self.seconds, but: mistakes, keysAwaitingRestart: keys)
        for key in keys { logger.warning("the new value of `\(key)` takes effect after a restart") }
        log(mistakes, "these included files stay as they were, all else is loaded; correct the above")
        logger.info("configuration loaded", metadata: ["clusters": "\(configuration.clusters.count)"])
    }

    private func refuse(_ mistakes: [String]) {
        status.refuse(mistakes, at: Self.seconds)
        log(mistakes, "the configuration stays as it was; correct the above")
    }

    private func log(_ mistakes: [String], _ conclusion: String) {
        guard !mistakes.isEmpty else { return }
        for mistake in status.problems { logger.error("\(mistake)") }
        let more = mistakes.count - status.problems.count
        if more > 0 { logger.error("and \(more) more mistakes; `switchyard check` shows all") }
        logger.error("\(conclusion)")
    }

    private static func absolute(_ paths: [String]) -> [String] {
        let current = FileManager.default.currentDirectoryPath
        return paths.map { $0.hasPrefix("/") ? $0 : "\(current)/\($0)" }
    }

    private static var seconds: Double { Date.now.timeIntervalSince1970 }
}
