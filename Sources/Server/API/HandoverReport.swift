/// What `/control/handover` says.
public struct HandoverReport: Codable, Sendable, Equatable {
    /// The process to end with SIGTERM once its successor answers.
    public var processID: Int32
}
