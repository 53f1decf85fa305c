import Configuration
import Server

/// Runs a server until a signal ends it.
enum ServerRunner {
    nonisolated static func run(_ configuration: ServerConfiguration, started: () -> Void = {}) throws {
        do throws(ServerError) {
            let logger = LoggingSetup.logger(configuration.log)
            let server = try SwitchyardServer(configuration, logger: logger)
            try server.start()
            started()
            server.run()
        } catch {
            throw CommandFailure(error)
        }
    }
}
