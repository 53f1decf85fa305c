import FaultLab
import Foundation

/// The server that is tested.
final class ServerProcess {
    let port: UInt16
    var pid: Int32 { child.pid }

    private let child: Child
    private let directory: Directory

    private static let portTries = 3

    /// Starts the server with a configuration in which `PORT` stands for its port, and waits until it answers.
    init(binary: String, configuration: String) throws {
        let directory = try Directory()
        let file = "\(directory.path)/switchyard.yaml"
        for _ in 0..<Self.portTries {
            let port = try FreePort.find()
            try Data(configuration.replacing("PORT", with: "\(port)").utf8).write(
                to: URL(fileURLWithPath: file)
            )
            let child = try Child(binary, ["serve", "-c", file], isHeard: true)
            if try Readiness.wait(port: port, while: { child.isRunning }) {
                self.port = port
                self.child = child
                self.directory = directory
                return
            }
            child.stop()
        }
        throw ServerFailure(description: "\(binary) did not answer; what it said is above")
    }

    /// Ends the server.
    func stop() { child.stop() }
}

/// Why a fault could not be tried.
struct ServerFailure: Error, CustomStringConvertible {
    let description: String
}

/// A directory that is removed with the last reference to it.
final class Directory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("switchyard-chaos-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
