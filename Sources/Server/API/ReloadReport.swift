/// What `/control/reload` says.
public struct ReloadReport: Codable, Sendable, Equatable {
    public var hasSucceeded: Bool
    /// Why the configuration stayed as it was; the first hundred.
    public var problems: [String]
    public var problemCount: Int
    /// The keys whose new values take effect after a restart.
    public var keysAwaitingRestart: [String]
}

extension ReloadReport {
    init(_ status: ReloadStatus) {
        hasSucceeded = status.lastSucceeded
        problems = status.problems
        problemCount = status.problemCount
        keysAwaitingRestart = status.keysAwaitingRestart
    }
}
