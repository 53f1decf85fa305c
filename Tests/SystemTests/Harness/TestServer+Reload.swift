import Foundation
import Glibc

extension TestServer {
    /// What the server says in its log when it has loaded a configuration, or has not.
    private static let outcomes = ["configuration loaded", "the configuration stays as it was"]

    /// Writes another configuration, in which `PORT` stands for the server's port; the server may see it or not.
    func write(configuration: String) throws {
        try directory.write(configuration.replacing("PORT", with: "\(endpoint.port)"), to: "switchyard.yaml")
    }

    /// Writes another configuration, and waits until the server has loaded it or has refused to.
    ///
    /// - Returns: what the server has said since.
    @discardableResult
    func reload(_ configuration: String) throws -> String {
        let before = process.log
        try write(configuration: configuration)
        return try hangUp(after: before)
    }

    /// Sends SIGHUP and waits for what comes of it.
    ///
    /// - Parameter before: the log as it was before what is to be loaded.
    @discardableResult
    func hangUp(after before: String? = nil) throws -> String {
        let before = before ?? process.log
        process.send(signal: SIGHUP)
        return try waitForReload(after: before)
    }

    /// Waits until the server has loaded a configuration, or has refused to; returns what it has said since `before`.
    @discardableResult
    func waitForReload(after before: String) throws -> String {
        func news() -> String { String(process.log.dropFirst(before.count)) }
        let isDone = waitUntil(seconds: 20) {
            Self.outcomes.contains { news().contains($0) } || process.exitStatus != nil
        }
        guard isDone, process.exitStatus == nil else { throw HarnessError("no reload: \(process.log)") }
        return news()
    }
}
