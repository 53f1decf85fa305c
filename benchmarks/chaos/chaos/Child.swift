import Foundation

/// A process that ends with the one that started it.
final class Child: Sendable {
    private let process = Process()

    /// Times 50 ms: longer than a server takes to finish what is under way.
    private static let endRounds = 160
    private static let setpriv = "/usr/bin/setpriv"

    /// Starts a program.
    ///
    /// - Parameter isHeard: whether what it says goes to this program's standard error.
    init(_ program: String, _ arguments: [String], isHeard: Bool) throws {
        process.executableURL = URL(fileURLWithPath: Self.setpriv)
        process.arguments = ["--pdeathsig", "KILL", "--", program] + arguments
        process.standardOutput = FileHandle.nullDevice
        if !isHeard { process.standardError = FileHandle.nullDevice }
        try process.run()
    }

    deinit { stop() }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Ends it by its id: asks first, then forces it.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        for _ in 0..<Self.endRounds where process.isRunning { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning { kill(pid, SIGKILL) }
    }
}

/// Runs a program to its end; one that takes longer than 20 s is ended, and that is an error.
func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<2_000 where process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw ServerFailure(description: "\(program) failed: \(arguments.joined(separator: " "))")
    }
}
