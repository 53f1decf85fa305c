import ArgumentParser
import Configuration
import FoundationEssentials

/// Where the running server is found.
struct ControlOptions: ParsableArguments {
    @Option(name: .long, help: "The control socket of the server.")
    var socket: String?

    @Option(
        name: [.short, .customLong("config")],
        help: "The server's configuration, which names its socket."
    )
    var config: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    /// The client for the server's socket.
    func client() throws -> ControlClient { ControlClient(path: try ControlSocket.path(socket, config)) }
}

/// Finds the control socket.
enum ControlSocket {
    /// The path that is stated, else that of the configuration that is named or lies where the service has it.
    static func path(_ stated: String?, _ config: String?) throws -> String {
        if let stated { return stated }
        let isThere = FileManager.default.fileExists(atPath: Serve.defaultFile)
        guard let file = config ?? (isThere ? Serve.defaultFile : nil) else {
            return AdminConfiguration.defaultControlSocket
        }
        let configuration: ServerConfiguration
        do throws(ConfigurationLoadError) {
            configuration = try ConfigurationLoader.load(path: file)
        } catch {
            throw CommandFailure(error)
        }
        guard let path = configuration.admin.controlSocket else {
            throw CommandFailure(
                code: 1,
                message: "\(file) has `admin.controlSocket: none`; name a socket there to use this command"
            )
        }
        return path
    }
}
