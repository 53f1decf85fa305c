/// How long a connection may take for what, in milliseconds.
public struct StreamTimeouts: Sendable {
    /// Without a message in either direction while no query is pending (RFC 7766 §6.2.3: some seconds).
    public var idleMilliseconds = 10_000
    /// From the first octet of a message to its last, so that nobody keeps a connection by sending slowly.
    public var partialMessageMilliseconds = 5_000
    /// From connect to the end of the handshake.
    public var connectMilliseconds = 2_000
    /// Without an octet taken by the peer while octets wait to be written.
    public var writeStallMilliseconds = 5_000
    /// Without a message in either direction while queries are pending: longer than any query lives.
    public var unansweredMilliseconds = 30_000

    public init() {}
}
