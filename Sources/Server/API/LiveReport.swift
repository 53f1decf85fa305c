/// What a question got that was sent to this server's own port.
public struct LiveReport: Codable, Sendable, Equatable {
    /// The response code, or what went wrong.
    public var outcome: String
    /// Records of the answer section.
    public var records: Int
    public var milliseconds: Double
    /// The texts of Extended DNS Errors, with their codes.
    public var errors: [String]

    /// All of it in a line.
    public var text: String {
        let time = "\((milliseconds * 10).rounded() / 10) ms"
        let reasons = errors.isEmpty ? "" : ": \(errors.joined(separator: "; "))"
        return "\(outcome), \(records) record\(records == 1 ? "" : "s"), after \(time)\(reasons)"
    }
}
