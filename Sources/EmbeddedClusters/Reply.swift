import DNSWire
import PresentationFormat

/// A reply before it is written.
struct Reply {
    var responseCode: ResponseCode
    var answer: [ResourceRecord]
    var authority: [ResourceRecord]
    var additional: [ResourceRecord]

    /// Octets of an OPT record without options (RFC 6891 §6.1.2).
    private static let optLength = 11

    init(
        _ responseCode: ResponseCode,
        answer: [ResourceRecord] = [],
        authority: [ResourceRecord] = [],
        additional: [ResourceRecord] = []
    ) {
        self.responseCode = responseCode
        self.answer = answer
        self.authority = authority
        self.additional = additional
    }

    /// Writes the reply to a query and returns its length; what does not fit is left out, with TC.
    func write(
        to query: Query,
        _ message: borrowing RawSpan,
        _ isStream: Bool,
        _ reply: inout MutableRawSpan
    ) -> Int {
        let whole = reply.byteCount
        let limit = isStream ? whole : min(query.edns.replyLimit(serverMaximum: whole), whole)
        let room = limit - (query.edns.isPresent ? Self.optLength : 0)
        var writer = MessageWriter(capacity: limit)
        let all = answer.count + authority.count + additional.count
        do throws(WireError) {
            let fitting = try write(query, message, &writer, records: all, room)
            if fitting < all { _ = try write(query, message, &writer, records: fitting, room) }
        } catch {
            return 0
        }
        reply.copy(writer.bytes, at: 0)
        return writer.count
    }

    /// Writes the first `count` records within `room` octets; returns how many fit.
    private func write(
        _ query: Query,
        _ message: borrowing RawSpan,
        _ writer: inout MessageWriter,
        records count: Int,
        _ room: Int
    ) throws(WireError) -> Int {
        writer.begin(header(query, records: count))
        if query.qnameLength > 0 {
            var offset = WireLimits.headerLength
            try writer.appendQuestion(try DomainName(message, at: &offset), query.qtype, query.qclass)
        }
        for (i, record) in (answer + authority + additional).prefix(count).enumerated() {
            do throws(WireError) { try writer.append(record) } catch .messageTooLong { return i }
            if writer.count > room { return i }
        }
        if query.edns.isPresent { try appendOPT(query, &writer) }
        return count
    }

    /// The header for the first `count` records: AA as CoreDNS sets it, never RA.
    private func header(_ query: Query, records count: Int) -> Header {
        let isAuthoritative = responseCode == .noError || responseCode == .nxDomain
        var flags = query.flags.reply(responseCode, isAuthoritative: isAuthoritative)
        flags.rawValue &= ~HeaderFlags.recursionAvailable
        if count < answer.count + authority.count + additional.count {
            flags.rawValue |= HeaderFlags.truncated
        }
        let answers = min(count, answer.count)
        let authorities = min(count - answers, authority.count)
        let others = count - answers - authorities + (query.edns.isPresent ? 1 : 0)
        return Header(
            id: query.id,
            flags: flags,
            questionCount: query.qnameLength > 0 ? 1 : 0,
            answerCount: UInt16(answers),
            authorityCount: UInt16(authorities),
            additionalCount: UInt16(others)
        )
    }

    /// Writes our OPT record: the client's size and DO bit, the upper bits of the RCODE, no options.
    private func appendOPT(_ query: Query, _ writer: inout MessageWriter) throws(WireError) {
        let start = try writer.beginRecord(
            DomainName(),
            .opt,
            RecordClass(rawValue: query.edns.udpPayloadSize),
            ttl: UInt32(responseCode.rawValue >> 4) << 24 | (query.edns.dnssecOK ? 0x8000 : 0)
        )
        try writer.endRecord(rdataOffset: start)
    }
}
