// What servers are sent (RFC 1035 §4.1, RFC 6891 §6.1).
import DNSWire
import Routing

/// What decides how a server is asked, read at once.
struct ServerState: BitwiseCopyable {
    var isPlain: Bool
    var needsStream: Bool
    var foldsCase: Bool
    var isLoopProbeDue: Bool
    var timeout: UInt64
    var tag: UInt64

    @inline(__always)
    init(_ health: UpstreamHealth, sends: Int, now: UInt64) {
        isPlain = health.isPlain(now: now)
        needsStream = health.trust.needsStream(now: now)
        foldsCase = health.trust.foldsCase(now: now)
        isLoopProbeDue = health.trust.isLoopProbeDue(now: now)
        timeout = health.timeout(sends: sends)
        tag = health.trust.tag
    }
}

/// What of a query that was sent has to be found again in its response.
struct SentMarks: BitwiseCopyable {
    var nameCase = NameCase.lower
    /// 0 when none was sent.
    var clientCookie: UInt64 = 0
}

extension Forwarder {
    /// Writes the question of a pending query as a message for a server; nil when it does not fit.
    ///
    /// - Parameters:
    ///   - random: its lower 16 bits are the message ID.
    ///   - tag: what the server's hop is known by.
    mutating func writeQuery(
        _ query: PendingQuery,
        _ random: UInt64,
        _ upstream: UpstreamID,
        tag: UInt64,
        hasRandomCase: Bool,
        hasEDNS: Bool,
        over transport: UpstreamTransport,
        _ now: UInt64
    ) -> SentMarks? {
        let id = MessageID(rawValue: UInt16(truncatingIfNeeded: random))
        var flags = HeaderFlags.recursionDesired
        if query.checkingDisabled { flags |= HeaderFlags.checkingDisabled }
        queryWriter.begin(
            Header(id: id, flags: HeaderFlags(rawValue: flags), additionalCount: hasEDNS ? 1 : 0)
        )
        let marks = SentMarks(
            nameCase: hasRandomCase ? NameCase(random: random) : .lower,
            clientCookie: hasEDNS ? cookies.client(of: upstream, tag: tag, now: now) : 0
        )
        do throws(WireError) {
            try queryWriter.appendQuestion(
                query.upstreamName,
                query.upstreamType,
                .internet,
                in: marks.nameCase
            )
            if hasEDNS { try appendOPT(query, upstream, tag, transport) }
            return marks
        } catch {
            return nil
        }
    }

    /// Appends our own OPT; nothing of the client's passes but the path (RFC 6891 §6.1.1).
    private mutating func appendOPT(
        _ query: PendingQuery,
        _ upstream: UpstreamID,
        _ tag: UInt64,
        _ transport: UpstreamTransport
    ) throws(WireError) {
        let payload = RecordClass(rawValue: UInt16(ForwardingLimits.udpPayload))
        let ttl: UInt32 = query.dnssecOK ? 0x8000 : 0
        let rdata = try queryWriter.beginRecord(DomainName(), .opt, payload, ttl: ttl)
        if transport != .udp { try KeepaliveOption.appendRequest(to: &queryWriter) }
        try cookies.write(upstream, to: &queryWriter)
        let pathLength = query.path.count
        try queryWriter.appendOption(.path, length: pathLength + QueryPath.hopLength)
        if pathLength > 0 {
            let path = query.path
            try queryWriter.append(path.wireBytes)
        }
        let hop = QueryPath.Hop(
            upstream: upstream,
            tag: tag,
            question: QueryPath.questionHash(foldedHash: query.upstreamName.foldedHash, query.upstreamType)
        )
        try hop.write(to: &queryWriter)
        try queryWriter.endRecord(rdataOffset: rdata)
    }
}
