/// The log of queries: where it goes, in which form, and which of them it has.
public struct QueryLogConfiguration: Sendable, Equatable {
    /// Where records go.
    public enum Target: Sendable, Equatable {
        case standardError
        case file(String)
        /// A Unix socket on which a reader of dnstap listens.
        case socket(String)
    }

    public enum Format: String, Sendable, CaseIterable {
        case text
        case json
        case dnstap
    }

    public enum Selection: String, Sendable, CaseIterable {
        case all
        case failures
        case slow
    }

    public var target: Target
    public var format: Format
    public var only: Selection
    /// Milliseconds from which on a query is slow.
    public var slowMilliseconds: UInt64
    /// One of so many queries is written.
    public var sample: Int
    /// The clusters whose queries are written, `default` for the default route; nil means all, and our own answers.
    public var clusters: [String]?
    /// Whether names are replaced by numbers that say nothing but which are equal.
    public var hashNames: Bool

    public init(
        target: Target,
        format: Format = .text,
        only: Selection = .all,
        slowMilliseconds: UInt64 = 100,
        sample: Int = 1,
        clusters: [String]? = nil,
        hashNames: Bool = false
    ) {
        self.target = target
        self.format = format
        self.only = only
        self.slowMilliseconds = slowMilliseconds
        self.sample = sample
        self.clusters = clusters
        self.hashNames = hashNames
    }
}
