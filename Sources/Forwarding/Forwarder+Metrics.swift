// What is counted by route and by server.
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// The time of what is handled now, in microseconds.
    func exactTime(_ now: UInt64) -> UInt64 { microseconds == 0 ? now * 1000 : microseconds }

    /// Counts a reply that was ready at once.
    @inline(__always)
    func countReply(_ row: Int, _ isStream: Bool, _ code: Int) {
        routeCounters.add(row: row, place: RouteCounter.replies(isStream: isStream, responseCode: code))
    }

    /// Counts the reply to a client that waited, which is in the buffer, and the time that it took.
    func countReply(of query: PendingQuery, to waiter: Waiter, _ context: ReplyContext, _ now: UInt64) {
        let row = query.metricRow
        let code = Int(replyBuffer.bytes.uint8(at: 3) & 0xF)
        // No datagram may be that long.
        countReply(row, context.limit == WireLimits.messageLength, code)
        let time = exactTime(now)
        routeCounters.observe(
            microseconds: time - min(time, waiter.askedAt),
            row: row,
            at: RouteCounter.missLatency
        )
    }

    /// Counts something of a server.
    func count(_ place: Int, of upstream: UpstreamID) {
        upstreamCounters.add(row: row(of: upstream), place: place)
    }

    /// Counts an answer, with its time and what was wrong with it.
    func countAnswer(_ attempt: Attempt, _ grade: AnswerGrade, _ now: UInt64) {
        count(UpstreamCounter.answered, of: attempt.upstream)
        let time = exactTime(now)
        upstreamCounters.observe(
            microseconds: time - min(time, attempt.sentAtMicroseconds),
            row: row(of: attempt.upstream),
            at: UpstreamCounter.roundTrip
        )
        if let reason = UpstreamFailureReason(grade) { countFailure(reason, of: attempt.upstream) }
    }

    /// Counts a failure of a server by its reason.
    func countFailure(_ reason: UpstreamFailureReason, of upstream: UpstreamID) {
        count(UpstreamCounter.failures + reason.rawValue, of: upstream)
    }

    /// Where a server is counted; one that the snapshot no longer has is not told apart.
    private func row(of upstream: UpstreamID) -> Int {
        let place = Int(upstream.rawValue)
        return place < upstreamRows.count ? Int(upstreamRows[place]) : 0
    }
}

extension UpstreamFailureReason {
    init(_ trouble: Trouble) {
        self =
            switch trouble.fault {
            case .timeout: .timeout
            case .network: .network
            case .responseCode: .servfail
            case .malformed: .malformed
            case .lame, .loop: .lame
            case .cookie: .malformed
            case .tls: .tls
            }
    }

    /// What is wrong with an answer; nil when nothing is.
    init?(_ grade: AnswerGrade) {
        switch grade {
        case .good, .truncated: return nil
        case .servFail: self = .servfail
        case .refused: self = .refused
        case .useless(let trouble): self.init(trouble)
        case .other: self = .other
        }
    }
}
