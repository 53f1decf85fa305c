import Configuration
import EventLoop
import Glibc
import HTTP
import Logging
import Routing

/// The admin port and the control socket.
///
/// Used on the main thread only.
final class AdminServer {
    private let configuration: AdminConfiguration
    private let loop: EventLoop
    private let logger: Logger
    private var servers: [HTTPServer] = []

    init(_ configuration: AdminConfiguration, _ loop: EventLoop, logger: Logger) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
    }

    /// Listens; throws when the port that the file names cannot be had.
    ///
    /// Without the control socket, or the port that is only the default, DNS works all the same: that is a warning.
    func start(_ endpoints: [AdminEndpoint]) throws(ServerError) {
        try listen(endpoints)
        listenAtSocket(endpoints)
    }

    /// Stops to listen and ends all connections.
    func stop() {
        for server in servers { server.close() }
        servers = []
    }

    private func listen(_ endpoints: [AdminEndpoint]) throws(ServerError) {
        guard let address = configuration.listen else { return }
        let isLoopback = address.address.isLoopback
        let router = AdminRouter(endpoints: endpoints, place: .everywhere, isLoopback: isLoopback)
        do throws(SystemError) {
            let text = "\(address.address)"
            servers.append(try HTTPServer(loop, address: text, port: address.port, handler: router.serve))
        } catch {
            guard !configuration.isListenWritten else { throw .cannotListenForAdmin(address, error) }
            logger.warning("no metrics on \(address): \(error); set `admin.listen`, or `none` to need none")
        }
    }

    private func listenAtSocket(_ endpoints: [AdminEndpoint]) {
        guard let path = configuration.controlSocket else { return }
        let router = AdminRouter(endpoints: endpoints, place: .controlSocket, isLoopback: false)
        do throws(HTTPSocketFileError) {
            servers.append(try HTTPServer(loop, socketFile: path, handler: router.serve))
        } catch {
            logger.warning("no control socket \(path): \(error)")
        }
    }
}
