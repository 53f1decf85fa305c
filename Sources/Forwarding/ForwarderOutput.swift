public import QueryEvents
public import Routing

/// A client as the forwarder sees it: who asks, and whether over a stream.
public struct Client: Sendable, BitwiseCopyable {
    public var address: IPAddress
    public var isStream: Bool

    public init(address: IPAddress, isStream: Bool) {
        self.address = address
        self.isStream = isStream
    }
}

/// The place of a client that waits for an answer.
///
/// Used again once the answer was given.
public struct WaiterID: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// Names the socket or connection that a query went through, so that only that one's response counts.
public struct SocketToken: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What the forwarder wants done.
///
/// Implemented by the worker with sockets, by tests without.
///
/// All calls come on the worker's thread, from inside the forwarder's own `handle` and `expire`. The
/// implementation must not call back into the forwarder.
public protocol ForwarderOutput: AnyObject {
    /// The query that is being handled has become `waiter`: keep the way back to its client.
    func admitted(_ waiter: WaiterID)

    /// How the waiters are answered whose replies follow.
    func answering(_ facts: AnswerFacts)

    /// The reply for a waiter; its place is free afterwards.
    func reply(_ message: borrowing RawSpan, to waiter: WaiterID)

    /// Sends a query.
    ///
    /// Returns the socket or connection that it went through, nil when it could not be sent.
    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        over transport: UpstreamTransport
    ) -> SocketToken?
}

/// What a reply was made of.
public struct AnswerFacts: Sendable, BitwiseCopyable {
    public var source: QueryEvent.Source
    /// The cache tag of the question's route; 0 when it has none.
    public var routeTag: UInt32
    /// The server that was asked last, if any was.
    public var upstream: UpstreamID?

    init(_ source: QueryEvent.Source, routeTag: UInt32, upstream: UpstreamID? = nil) {
        self.source = source
        self.routeTag = routeTag
        self.upstream = upstream
    }

    init(_ source: QueryEvent.Source, _ query: PendingQuery) {
        self.source = source
        routeTag = query.routeInfo.cacheTag
        upstream = query.attemptCount > 0 ? query.attempts[query.attemptCount - 1].upstream : nil
    }
}

/// What becomes of a query.
public enum QueryOutcome: Sendable, Equatable {
    /// The reply has this many octets.
    case reply(Int)
    /// The reply comes later, through `ForwarderOutput.reply`.
    case pending
    /// No reply.
    case drop
}
