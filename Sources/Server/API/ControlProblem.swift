/// Why a request was refused: a sentence that says what to do.
public struct ControlProblem: Error, Codable, Sendable, Equatable {
    public var error: String

    init(_ error: String) { self.error = error }
}
