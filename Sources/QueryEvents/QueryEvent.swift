/// What a worker notes of a finished query, beside the first octets of its reply.
///
/// A fixed number of octets without references, so that it goes through a `QueryRing` as it is.
public struct QueryEvent: BitwiseCopyable, Sendable, Equatable {
    /// How a client was answered.
    public enum Source: UInt8, Sendable, BitwiseCopyable {
        /// From the cache.
        case hit
        /// From the cache, past the answer's end.
        case stale
        /// A server was asked.
        case miss
        /// By ourselves: special-use names, refusals, messages that are no queries.
        case local
        /// With SERVFAIL, because nothing better was to be had.
        case failed
    }

    /// When the query was received and when its reply was ready, in nanoseconds of the monotonic clock.
    public var receivedAt: UInt64 = 0
    public var repliedAt: UInt64 = 0
    /// The client's address as a number in two halves; IPv4 in the low 32 bits.
    public var clientHigh: UInt64 = 0
    public var clientLow: UInt64 = 0
    /// The cache tag of the route, which is never given to another; 0 without a route.
    public var routeTag: UInt32 = 0
    /// The number of the server that answered last; -1 when none was asked.
    public var upstream: Int32 = -1
    public var clientPort: UInt16 = 0
    /// Octets of the reply, of which the record may hold fewer.
    public var replyLength: UInt16 = 0
    public var isIPv4 = true
    public var isStream = false
    public var source = Source.local

    public init() {}

    /// Nanoseconds that the client waited.
    public var latency: UInt64 { repliedAt > receivedAt ? repliedAt - receivedAt : 0 }
}
