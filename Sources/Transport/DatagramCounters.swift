/// What a worker's datagram sockets lost, since its start.
public struct DatagramCounters: Sendable, Hashable {
    /// Dropped because the kernel's send buffer was full: the client asks again, waiting would stop all others.
    public var sendBufferFull: UInt64 = 0
    /// Refused by the system, for example because there is no route to the client.
    public var sendFailed: UInt64 = 0
    /// Queued messages longer than a slot.
    public var tooLong: UInt64 = 0
    /// Received from port 0, which nobody can answer.
    public var unanswerable: UInt64 = 0
    /// Calls to receive that failed.
    public var receiveFailed: UInt64 = 0
}
