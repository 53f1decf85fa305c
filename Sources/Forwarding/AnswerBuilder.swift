import AnswerCache
import DNSWire
import Routing

/// Why an answer could not be written.
enum BuildError: Error {
    case wire(WireError)
    /// A name is over 255 octets once mapped.
    case mappedNameTooLong
}

/// Writes one finished answer: the message that is cached, rendered for clients and continued by CNAME chains.
///
/// Sections are appended in order. All records are our own writing: names decompressed, mapped and compressed
/// anew, so that nothing malformed is stored or passed on.
struct AnswerBuilder: ~Copyable {
    private var writer = MessageWriter()
    private var ttlOffsets: [UInt16] = []
    private var questionEnd = WireLimits.headerLength
    private var section = MessageSection.answer
    private var smallestTTL = UInt32.max
    /// Counts, lengths and RCODE; complete after `finish`.
    private(set) var answer = CachedAnswer(responseCode: .noError)

    /// Starts an answer to a question.
    ///
    /// `qname` is folded: each reply echoes the case of its own query.
    mutating func begin(
        _ qname: DomainName,
        _ qtype: RecordType,
        _ qclass: RecordClass = .internet
    ) throws(BuildError) {
        answer = CachedAnswer(responseCode: .noError)
        ttlOffsets.removeAll(keepingCapacity: true)
        section = .answer
        smallestTTL = .max
        writer.begin(Header(id: MessageID(rawValue: 0), flags: HeaderFlags(rawValue: 0)))
        do throws(WireError) {
            try writer.appendQuestion(qname, qtype, qclass)
        } catch {
            throw .wire(error)
        }
        questionEnd = writer.count
    }

    /// Octets of the sections so far.
    var bodyLength: Int { writer.count - questionEnd }

    /// Appends a record that stands in `message`, with `owner` and `ttl` instead of its own.
    mutating func append(
        _ record: RecordView,
        from message: borrowing RawSpan,
        to section: MessageSection,
        owner: DomainName,
        ttl: UInt32,
        mapping: NameMapping? = nil
    ) throws(BuildError) {
        do throws(WireError) {
            let start = try begin(owner, record.type, record.recordClass, ttl, section)
            guard let layout = RdataLayout.of(record.type) else {
                let end = record.rdataOffset + record.rdataLength
                try writer.append(message.extracting(record.rdataOffset..<end))
                return try writer.endRecord(rdataOffset: start)
            }
            let isMapped = try appendRdata(record, layout, from: message, mapping)
            if isMapped { return try writer.endRecord(rdataOffset: start) }
        } catch {
            throw .wire(error)
        }
        throw .mappedNameTooLong
    }

    /// Appends a record with the RDATA that `body` writes.
    mutating func append(
        _ owner: DomainName,
        _ type: RecordType,
        _ recordClass: RecordClass = .internet,
        ttl: UInt32,
        to section: MessageSection,
        _ body: (inout MessageWriter) throws(WireError) -> Void
    ) throws(BuildError) {
        do throws(WireError) {
            let start = try begin(owner, type, recordClass, ttl, section)
            try body(&writer)
            try writer.endRecord(rdataOffset: start)
        } catch {
            throw .wire(error)
        }
    }

    /// Says that the last `count` records of the answer section are one RRset of addresses of equal length.
    mutating func noteRotation(from offset: Int, count: Int) {
        let length = bodyLength - offset
        guard count > 1, length % count == 0, length <= Int(UInt16.max) else { return }
        answer.rotation = CachedAnswer.Rotation(offset: offset, recordLength: length / count, count: count)
    }

    /// Completes the answer.
    ///
    /// Its lifetime is the smallest TTL of its records, at most `lifetimeMax`; an answer without records has
    /// none and is not cached (RFC 2308 §5: no SOA, no caching).
    mutating func finish(
        _ responseCode: ResponseCode,
        isAuthoritative: Bool = false,
        lifetimeMax: UInt32 = .max
    ) {
        advance(to: .additional)
        answer.responseCode = responseCode
        answer.isAuthoritative = isAuthoritative
        answer.length = bodyLength
        if answer.additionalCount == 0 { answer.authorityEnd = answer.length }
        answer.lifetimeSeconds = smallestTTL == .max ? 0 : min(smallestTTL, lifetimeMax)
        let flags = HeaderFlags(
            rawValue: HeaderFlags.response | (responseCode.rawValue & 0xF)
                | (isAuthoritative ? HeaderFlags.authoritative : 0)
        )
        writer.setHeader(
            Header(
                id: MessageID(rawValue: 0),
                flags: flags,
                answerCount: answer.answerCount,
                authorityCount: answer.authorityCount,
                additionalCount: answer.additionalCount
            )
        )
    }

    /// Gives an answer without records a lifetime, for denials that carry no SOA that may be passed on.
    mutating func setLifetime(_ seconds: UInt32) { answer.lifetimeSeconds = seconds }

    // MARK: - What is done with a finished answer

    /// Puts the answer into the cache, if it may be cached and nothing was flushed since it was asked for.
    func store(in cache: AnswerCache, _ key: CacheKey, since flushCount: UInt32, now: UInt64) {
        let body = writer.bytes.extracting(questionEnd..<writer.count)
        cache.insert(key, answer, body: body, ttlOffsets: ttlOffsets.span, since: flushCount, now: now)
    }

    /// Writes the reply for one client, in its case and cut to its size; returns the octets, and whether TC is set.
    func render(
        _ qname: DomainName,
        _ qtype: RecordType,
        _ qclass: RecordClass,
        _ context: ReplyContext,
        into reply: inout MutableRawSpan
    ) -> (length: Int, isTruncated: Bool) {
        reply.copy(qname.bytes, at: WireLimits.headerLength)
        reply.store(qtype.rawValue, at: context.questionEnd - 4)
        reply.store(qclass.rawValue, at: context.questionEnd - 2)
        let fitted = answer.fitted(into: context.available)
        reply.copy(
            writer.bytes.extracting(questionEnd..<(questionEnd + fitted.length)),
            at: context.questionEnd
        )
        let length = ReplyWriter.finish(
            &reply,
            context,
            answer.responseCode,
            isAuthoritative: answer.isAuthoritative,
            fitted: fitted
        )
        return (length, fitted.isTruncated)
    }

    /// The whole message with header and question, for what must outlive this answer.
    func copyMessage() -> [UInt8] { writer.bytes.toArray() }

    // MARK: - Parts

    private mutating func begin(
        _ owner: DomainName,
        _ type: RecordType,
        _ recordClass: RecordClass,
        _ ttl: UInt32,
        _ section: MessageSection
    ) throws(WireError) -> Int {
        advance(to: section)
        switch section {
        case .answer: answer.answerCount += 1
        case .authority: answer.authorityCount += 1
        case .additional: answer.additionalCount += 1
        }
        smallestTTL = min(smallestTTL, ttl)
        let start = try writer.beginRecord(owner, type, recordClass, ttl: ttl)
        ttlOffsets.append(UInt16(truncatingIfNeeded: start - 6 - questionEnd))
        return start
    }

    private mutating func advance(to next: MessageSection) {
        if section == .answer, next != .answer {
            answer.answerLength = bodyLength
            section = .authority
        }
        if section == .authority, next == .additional {
            answer.authorityEnd = bodyLength
            section = .additional
        }
    }

    /// Writes RDATA that holds names; returns false when one is too long once mapped.
    private mutating func appendRdata(
        _ record: RecordView,
        _ layout: RdataLayout,
        from message: borrowing RawSpan,
        _ mapping: NameMapping?
    ) throws(WireError) -> Bool {
        let end = record.rdataOffset + record.rdataLength
        var offset = try layout.firstName(
            message,
            rdataOffset: record.rdataOffset,
            rdataLength: record.rdataLength
        )
        try writer.append(message.extracting(record.rdataOffset..<offset))
        for _ in 0..<layout.names {
            var name = try DomainName(message, at: &offset)
            guard offset <= end else { throw .badRdata }
            if let mapping {
                guard let mapped = mapping.clientName(name) else { return false }
                name = mapped
            }
            try writer.appendName(name, compress: layout.mayCompress)
        }
        if let suffix = layout.suffixLength, end - offset != suffix { throw .badRdata }
        try writer.append(message.extracting(offset..<end))
        return true
    }
}
