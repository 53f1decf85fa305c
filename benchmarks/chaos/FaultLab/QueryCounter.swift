import Synchronization

/// Counts the queries that a server got; one thread counts, any may read.
public final class QueryCounter: Sendable {
    private let number = Atomic<Int>(0)

    init() {}

    /// How many there were so far.
    public var value: Int { number.load(ordering: .relaxed) }

    func increment() { number.add(1, ordering: .relaxed) }
}
