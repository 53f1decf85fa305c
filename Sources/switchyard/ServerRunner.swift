import Configuration
import Server

/// Runs a server until a signal ends it.
enum ServerRunner {
    nonisolated static func run(
        _ configuration: ServerConfiguration,
        from source: ConfigurationSource,
        started: () -> Void = {}
    ) throws {
        do throws(ServerError) {
            let logger = LoggingSetup.logger(configuration.log)
            let server = try SwitchyardServer(configuration, from: source, logger: logger)
            try server.start()
            started()
            server.run()
        } catch {
            throw CommandFailure(error)
        }
    }
}
