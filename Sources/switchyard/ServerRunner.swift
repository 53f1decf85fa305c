import Configuration
import Server

/// Runs a server until a signal ends it.
enum ServerRunner {
    nonisolated static func run(
        _ loaded: LoadedConfiguration,
        from source: ConfigurationSource,
        started: () -> Void = {}
    ) throws {
        do throws(ServerError) {
            let logger = LoggingSetup.logger(loaded.configuration.log)
            let server = try SwitchyardServer(loaded, from: source, logger: logger)
            try server.start()
            started()
            server.run()
        } catch {
            throw CommandFailure(error)
        }
    }
}
