import Synchronization

/// How often a server has gone out, so that each worker looks after the questions that wait for it.
///
/// One for all workers. Any thread.
final class OutageCount: Sendable {
    private let counter = Atomic<UInt64>(0)

    /// Never the same before and after a server has gone out.
    var count: UInt64 { counter.load(ordering: .relaxed) }

    /// Notes that a server is down, or sends queries back to us.
    func wentOut() { counter.wrappingAdd(1, ordering: .relaxed) }
}
