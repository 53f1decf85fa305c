/// What `/control/flush` says.
public struct FlushReport: Codable, Sendable, Equatable {
    /// Answers that were taken out.
    public var answers: Int
    /// Remembered failures that were taken out.
    public var failures: Int
}
