import ArgumentParser

/// `switchyard demo`: two embedded clusters and the forwarder in front of them.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start two small clusters and the forwarder in front of them, to try with dig."
    )

    func run() throws {
        throw CommandFailure(code: 2, message: "not built yet")
    }
}
