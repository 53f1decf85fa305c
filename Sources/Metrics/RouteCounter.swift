/// What is counted of each route: places in a row of `WorkerMetrics.routes`.
public enum RouteCounter {
    /// Response codes with counters of their own; a last class holds all others.
    public static let codeCount = 7
    /// Answers of the cache.
    public static let hits = 14
    /// Questions that had to be asked, or joined one that was.
    public static let misses = 15
    /// The histogram of the time until clients that had to wait were answered.
    public static let missLatency = 16

    /// The row of what belongs to no route: local answers, refused and malformed queries.
    public static let localRow = 0

    /// The place of replies by transport and response code.
    @inline(__always)
    public static func replies(isStream: Bool, responseCode: Int) -> Int {
        (isStream ? codeCount : 0) &+ min(responseCode, codeCount &- 1)
    }
}

/// What is counted of each server: places in a row of `WorkerMetrics.upstreams`.
public enum UpstreamCounter {
    /// Messages sent.
    public static let sent = 0
    /// Responses that matched a query.
    public static let answered = 1
    /// The first of the counters of failures, in the order of `UpstreamFailureReason`.
    public static let failures = 2
    /// The histogram of the time from the sending to the response.
    public static let roundTrip = 12
}

/// Why a server's answer could not be used, or did not come.
public enum UpstreamFailureReason: Int, CaseIterable, Sendable {
    case timeout
    case network
    case servfail
    case refused
    case malformed
    case lame
    case tls
    /// A response with another code.
    case other

    /// As metrics name it.
    public var label: String { "\(self)" }
}

/// What a worker says of itself, some of it once a second: places in the row of `WorkerMetrics.own`.
public enum WorkerValue: Int, CaseIterable, Sendable {
    case connectionsAccepted = 14
    case connectionsRefusedInAll
    case connectionsRefusedPerClient
    case connectionsOpen
    case pendingQueries
    case waitingClients
    case sendBufferFull
    case sendFailed
    case receiveFailed

    /// The histogram of the time from the receipt of a batch to the sending of its hits.
    public static let hitLatency = 0
}
