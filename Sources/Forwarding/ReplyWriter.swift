// The outer parts of every reply: header, echoed question, OPT and Extended DNS Error
// (RFC 1035 §4.1.1, RFC 6891 §6.1, §7, RFC 8914 §2).
import AnswerCache
import DNSWire

/// What a reply needs to know of the query that it answers.
struct ReplyContext: BitwiseCopyable {
    var id: MessageID
    var flags: HeaderFlags
    var edns: EDNS
    /// Octets that the reply may have.
    var limit: Int
    /// The offset behind the question; 12 when there is none to echo.
    var questionEnd: Int

    static let optLength = 11

    init(_ query: Query, isStream: Bool) {
        id = query.id
        flags = query.flags
        edns = query.edns
        limit =
            isStream
            ? WireLimits.messageLength : query.edns.replyLimit(serverMaximum: ForwardingLimits.udpPayload)
        questionEnd = query.questionEnd
    }

    /// Octets for the sections behind the question.
    @inline(__always)
    var available: Int { limit - questionEnd - (edns.isPresent ? Self.optLength : 0) }
}

enum ReplyWriter {
    /// Writes the question of a client that waited, in its case.
    static func writeQuestion(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        _ qname: DomainName,
        _ qtype: RecordType
    ) {
        reply.copy(qname.bytes, at: WireLimits.headerLength)
        reply.store(qtype.rawValue, at: context.questionEnd - 4)
        reply.store(RecordClass.internet.rawValue, at: context.questionEnd - 2)
    }

    /// Completes a reply whose question and sections are in place; returns its octets.
    @inline(__always)
    static func finish(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        _ responseCode: ResponseCode,
        isAuthoritative: Bool,
        fitted: FittedAnswer
    ) -> Int {
        var flags = context.flags.reply(responseCode, isAuthoritative: isAuthoritative)
        if fitted.isTruncated { flags.rawValue |= HeaderFlags.truncated }
        Header(
            id: context.id,
            flags: flags,
            questionCount: context.questionEnd > WireLimits.headerLength ? 1 : 0,
            answerCount: fitted.answerCount,
            authorityCount: fitted.authorityCount,
            additionalCount: fitted.additionalCount &+ (context.edns.isPresent ? 1 : 0)
        ).write(to: &reply)
        let end = context.questionEnd + fitted.length
        guard context.edns.isPresent else { return end }
        // RFC 6891 §6.1.1: OPT to those who sent one. DO is copied (RFC 3225 §3).
        reply.store(UInt8(0), at: end)
        reply.store(RecordType.opt.rawValue, at: end + 1)
        reply.store(UInt16(ForwardingLimits.udpPayload), at: end + 3)
        reply.store(UInt8(truncatingIfNeeded: responseCode.rawValue >> 4), at: end + 5)
        reply.store(UInt8(0), at: end + 6)
        reply.store(UInt16(context.edns.dnssecOK ? 0x8000 : 0), at: end + 7)
        reply.store(UInt16(0), at: end + 9)
        return end + ReplyContext.optLength
    }

    /// Writes a reply without records; returns its octets.
    ///
    /// The question must be in place.
    static func finishEmpty(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        _ failure: Failure
    ) -> Int {
        let length = finish(
            &reply,
            context,
            failure.responseCode,
            isAuthoritative: false,
            fitted: .none
        )
        return addError(&reply, context, failure.code, failure.text, at: length)
    }

    /// Adds an Extended DNS Error to the OPT record that ends the reply, when there is one and room for it.
    ///
    /// Without its text, when that does not fit (RFC 8914 §3).
    static func addError(
        _ reply: inout MutableRawSpan,
        _ context: ReplyContext,
        _ code: ExtendedErrorCode,
        _ text: String,
        at length: Int
    ) -> Int {
        let room = min(context.limit, reply.byteCount) - length - 6
        guard context.edns.isPresent, room >= 0 else { return length }
        let whole = text.utf8(atMost: ForwardingLimits.errorTextMax)
        let octets = whole.count <= room ? whole : "".utf8(atMost: 0)
        let option = 4 + 2 + octets.count
        reply.store(UInt16(option), at: length - 2)
        reply.store(UInt16(15), at: length)
        reply.store(UInt16(option - 4), at: length + 2)
        reply.store(code.rawValue, at: length + 4)
        var at = length + 6
        for octet in octets {
            reply.store(octet, at: at)
            at += 1
        }
        return at
    }
}

extension String {
    /// The first octets of the text, at most `limit`, cut between characters (RFC 8914 §2: UTF-8).
    func utf8(atMost limit: Int) -> Substring.UTF8View {
        guard utf8.count > limit else { return self[...].utf8 }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return self[..<end].utf8
    }
}
