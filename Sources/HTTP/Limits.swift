/// What a client of the HTTP server may take.
public struct HTTPLimits: Sendable {
    /// Octets of the request line and the header fields; above: 431.
    public var headerBytes = 8 << 10
    /// Octets of the body; above: 413.
    public var bodyBytes = 64 << 10
    /// Connections at once; more are closed unanswered.
    public var connections = 64
    /// Seconds that a client may neither send nor take an octet.
    public var idleSeconds = 5
    /// Seconds from the connection to the last octet of the answer, whatever the client does.
    public var totalSeconds = 30

    public init() {}

    /// Connections that the kernel keeps until they are accepted.
    static let backlog: Int32 = 32
    /// How much of a header libevent takes: what lies between is read, and refused with the right status.
    var headerBytesRead: Int { headerBytes * 4 }
}
