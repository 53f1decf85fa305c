/// A connection to a server as those see it who send queries: over TCP or over TLS.
public protocol ClientStream: AnyObject {
    /// Says whether it was not closed; also true while connecting.
    var isOpen: Bool { get }
    /// Queries that were sent and not responded to.
    var pendingQueries: Int { get }
    /// When the messages that are being handed on were read, in nanoseconds of MonotonicClock.
    var receivedAt: UInt64 { get }
    /// Says whether so much waits to be written that no more should be sent.
    var isBackedUp: Bool { get }
    /// How long it stays open with nothing pending.
    ///
    /// Set while messages are handed on.
    var idleMilliseconds: Int { get set }

    /// Sends a query; false when the connection is closed or the message is none.
    func send(_ message: RawSpan) -> Bool
    /// Closes as soon as nothing is pending.
    func finish()
    /// Closes now, and tells the handler before it returns.
    func close()
}
