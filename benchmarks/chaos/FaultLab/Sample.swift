/// The parts of a run: before, while and after a cluster is broken.
public enum Phase: Int, Sendable, CaseIterable {
    /// Fills the cache and is not looked at.
    case warmUp
    case before
    case during
    case after
}

/// Which names a query is about.
public enum NameKind: Int, Sendable, CaseIterable {
    /// Asked again and again: in the cache.
    case popular
    /// Asked once: never in the cache.
    case new
    /// Asked again and again, but not before the cluster is broken.
    case returning
}

/// What a client got.
public enum Outcome: Sendable, Hashable {
    /// The right address.
    case answer
    /// The right address, with an Extended DNS Error that calls it stale (RFC 8914 §4.4).
    case stale
    case servFail
    /// Another RCODE, no address, or that of another name or cluster.
    case wrong
    /// Nothing within the time that stub resolvers wait.
    case nothing
}

/// One query and what became of it.
public struct Sample: Sendable {
    /// The cluster's place in the plan.
    public var cluster: Int
    public var kind: NameKind
    public var phase: Phase
    /// Nanoseconds since the run began.
    public var sentAt: UInt64
    /// Nanoseconds.
    public var latency: UInt64
    public var outcome: Outcome
}
