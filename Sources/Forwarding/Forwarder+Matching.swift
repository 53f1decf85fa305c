// Which messages are responses to our queries (RFC 5452 §9.1), and which say that OPT is unknown (RFC 6891 §6.2.2).
import DNSWire
import Metrics
import Routing

extension Forwarder {
    /// Whether the question is the one that was sent.
    ///
    /// Some servers leave it out when they refuse a message.
    func isAnswer(to query: PendingQuery, _ message: borrowing RawSpan, _ header: Header) -> Bool {
        if header.questionCount == 0 {
            let code = header.flags.responseCode
            return code == .formErr || code == .notImp
        }
        guard header.questionCount == 1 else { return false }
        // No name is a pointer to what stands before the first: the question's is written out.
        let end = WireLimits.headerLength + query.upstreamName.length
        return end + 4 <= message.byteCount
            && Message.hasName(message, at: WireLimits.headerLength, equalTo: query.upstreamName.bytes)
            && message.uint16(at: end) == query.upstreamType.rawValue
            && message.uint16(at: end + 2) == RecordClass.internet.rawValue
    }

    /// Whether the server does not know OPT, which servers say in one of these ways (RFC 6891 §6.2.2, §7).
    func rejectsEDNS(_ header: Header) -> Bool {
        let code = header.flags.responseCode
        return (code == .formErr || code == .notImp) && header.answerCount == 0
    }

    /// Asks a server that refused a question with OPT for the same without.
    mutating func resendWithoutEDNS(
        _ query: PendingQuery,
        _ attempt: Attempt,
        _ code: ResponseCode,
        _ now: UInt64
    ) {
        resend(query, attempt, attempt.transport, withEDNS: false, orElse: .responseCode(code), now)
    }
}
