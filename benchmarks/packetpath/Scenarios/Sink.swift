import DNSWire
import Forwarding
import Routing

/// Takes what the forwarder puts out and keeps it in slots, as the server does before it sends.
final class Sink: ForwarderOutput {
    private var queries = MessageSlots(count: batchSize, octets: 512)
    private var replies = MessageSlots(count: batchSize, octets: ForwardingLimits.udpPayload)
    private(set) var queryCount = 0
    private(set) var replyCount = 0
    /// The server that was asked last.
    private(set) var upstream = UpstreamID(rawValue: 0)

    /// Octets of the first label of a probe for loops; no name of a scenario begins with one so long.
    private static let probeLength = 48

    /// The socket that all queries leave by.
    static let token = SocketToken(rawValue: 1)

    func clear() {
        queryCount = 0
        replyCount = 0
    }

    /// A query that was sent to a server.
    func query(_ index: Int) -> [UInt8] { queries.octets(index) }

    /// A reply to a client that had to wait.
    func reply(_ index: Int) -> [UInt8] { replies.octets(index) }

    func admitted(_ waiter: WaiterID) {}

    func answering(_ facts: AnswerFacts) {}

    func reply(_ message: borrowing RawSpan, to waiter: WaiterID) {
        replies.store(message, in: replyCount)
        replyCount += 1
    }

    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        over transport: UpstreamTransport
    ) -> SocketToken? {
        // One of these comes with the first query to each server, and is nothing that a scenario counts.
        if message.uint8(at: 12) == Self.probeLength { return Self.token }
        queries.store(message, in: queryCount)
        queryCount += 1
        self.upstream = upstream
        return Self.token
    }
}
