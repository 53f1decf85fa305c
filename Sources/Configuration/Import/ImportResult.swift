/// What became of a configuration of another resolver.
public struct ImportResult: Sendable {
    /// A configuration that the loader accepts.
    public let text: String
    /// What it lacks, in the order of the file.
    public let notes: [ImportNote]
}
