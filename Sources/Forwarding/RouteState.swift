import Synchronization

/// What all workers know of a route together.
///
/// Lives as long as the route has its cache tag. Any thread.
public final class RouteState: Sendable {
    private let recoveryCount = Atomic<UInt32>(0)

    public init() {}

    /// How often one of the route's servers has come up again.
    ///
    /// A failure that is remembered from before says nothing any more.
    public var recoveries: UInt32 { recoveryCount.load(ordering: .relaxed) }

    /// Notes that one of the route's servers has come up again.
    public func recovered() { recoveryCount.add(1, ordering: .relaxed) }
}
