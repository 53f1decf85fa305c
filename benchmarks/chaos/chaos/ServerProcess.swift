import FaultLab
import Foundation

/// The server that is tested; it ends with the one who started it.
final class ServerProcess {
    let port: UInt16
    var pid: Int32 { process.processIdentifier }

    private let process: Process
    private let file: URL

    private static let portTries = 3
    /// Times 50 ms: longer than a server takes to finish what is under way.
    private static let endRounds = 160

    /// Starts the server with a configuration in which `PORT` stands for its port, and waits until it answers.
    init(binary: String, configuration: String) throws {
        var problem = "not tried"
        for _ in 0..<Self.portTries {
            let port = try FreePort.find()
            let file = FileManager.default.temporaryDirectory
                .appendingPathComponent("switchyard-chaos-\(UUID().uuidString).yaml")
            try Data(configuration.replacing("PORT", with: "\(port)").utf8).write(to: file)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments = ["--pdeathsig", "KILL", "--", binary, "serve", "-c", file.path]
            try process.run()
            if try Readiness.wait(port: port, while: { process.isRunning }) {
                self.port = port
                self.process = process
                self.file = file
                return
            }
            Self.end(process)
            try? FileManager.default.removeItem(at: file)
            problem = "\(binary) did not answer on port \(port)"
        }
        throw ServerFailure(description: problem)
    }

    /// Ends the server.
    func stop() {
        Self.end(process)
        try? FileManager.default.removeItem(at: file)
    }

    private static func end(_ process: Process) {
        guard process.isRunning else { return }
        process.terminate()
        for _ in 0..<endRounds where process.isRunning { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

/// Why the server could not be tested.
struct ServerFailure: Error, CustomStringConvertible {
    let description: String
}
