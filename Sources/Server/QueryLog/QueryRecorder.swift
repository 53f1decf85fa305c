import Configuration
import DNSWire
import EventLoop
import Forwarding
import QueryEvents
import Routing
import Transport

/// Chooses the queries of one worker that are logged, and puts them into its ring.
///
/// Made before the worker's thread starts and used there only; what the observer uses is the ring.
struct QueryRecorder: Sendable {
    let ring: QueryRing
    private let only: QueryLogConfiguration.Selection
    private let slowNanoseconds: UInt64
    private let sample: Int
    private var skipped = 0

    /// Records of a ring: 20 ms of 200,000 queries a second.
    private static let records = 4096
    /// Octets of a reply in a record: header and question for lines, what a datagram holds for dnstap.
    private static let lineOctets = 280
    private static let dnstapOctets = ForwardingLimits.udpPayload

    init(_ configuration: QueryLogConfiguration) {
        let octets = configuration.format == .dnstap ? Self.dnstapOctets : Self.lineOctets
        ring = QueryRing(records: Self.records, messageOctets: octets)
        only = configuration.only
        slowNanoseconds = configuration.slowMilliseconds * 1_000_000
        sample = configuration.sample
        skipped = sample - 1
    }

    /// Notes a reply that is ready.
    mutating func record(
        _ reply: borrowing RawSpan,
        _ facts: AnswerFacts,
        to client: SocketAddress,
        isStream: Bool,
        receivedAt: UInt64
    ) {
        var event = QueryEvent()
        event.receivedAt = receivedAt
        event.repliedAt = MonotonicClock.nanoseconds()
        guard isWanted(reply, event), isNext() else { return }
        event.clientHigh = UInt64(truncatingIfNeeded: client.bits >> 64)
        event.clientLow = UInt64(truncatingIfNeeded: client.bits)
        event.clientPort = client.port
        event.isIPv4 = client.isIPv4
        event.isStream = isStream
        event.routeTag = facts.routeTag
        event.upstream = facts.upstream?.rawValue ?? -1
        event.source = facts.source
        event.replyLength = UInt16(clamping: reply.byteCount)
        ring.put(event, reply)
    }

    /// Whether a query is one that the log is for; NXDOMAIN is no failure.
    private func isWanted(_ reply: borrowing RawSpan, _ event: QueryEvent) -> Bool {
        switch only {
        case .all: return true
        case .slow: return event.latency >= slowNanoseconds
        case .failures:
            let code = (Header(reply)?.flags ?? HeaderFlags(rawValue: 0)).responseCode
            return code != .noError && code != .nxDomain
        }
    }

    /// Whether it is the turn of a query: the first, and each `sample`th after it.
    private mutating func isNext() -> Bool {
        skipped += 1
        guard skipped >= sample else { return false }
        skipped = 0
        return true
    }
}
