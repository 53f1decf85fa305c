/// What a worker's listeners did, since its start.
public struct StreamCounters: Sendable, Hashable {
    /// Connections served.
    public var accepted: UInt64 = 0
    /// Closed at once, because there were too many in all.
    public var refusedInAll: UInt64 = 0
    /// Closed at once, because there were too many of the client.
    public var refusedPerClient: UInt64 = 0
    /// Pauses because the system had no descriptor or memory left.
    public var acceptPauses: UInt64 = 0
}
