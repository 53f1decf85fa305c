/// What `/control/drain` and `/control/restore` say.
public struct DrainReport: Codable, Sendable, Equatable {
    public var cluster: String
    public var isDrained: Bool
    /// Whether that is new.
    public var hasChanged: Bool
    /// All clusters that are drained now.
    public var drained: [String]
}
