/// The section of a message that a record stands in (RFC 1035 §4.1).
public enum MessageSection: Sendable, BitwiseCopyable {
    case answer
    case authority
    case additional
}

/// Where the parts of a record stand in a message.
///
/// TTL as on the wire.
public struct RecordView: Sendable, BitwiseCopyable {
    public var section: MessageSection
    public var ownerOffset: Int
    public var type: RecordType
    public var recordClass: RecordClass
    public var ttl: UInt32
    public var rdataOffset: Int
    public var rdataLength: Int
}

/// Walks the records of a message once, section by section (RFC 1035 §4.1.3).
///
/// It checks that owner and RDATA lie inside the message; the shape of RDATA is the reader's affair.
public struct RecordCursor: Sendable, BitwiseCopyable {
    /// The offset of the next record.
    public private(set) var offset: Int
    private var remaining: (answer: Int, authority: Int, additional: Int)

    /// Begins at `offset`, behind the question.
    public init(header: Header, offset: Int) {
        self.offset = offset
        remaining = (Int(header.answerCount), Int(header.authorityCount), Int(header.additionalCount))
    }

    /// The next record, or nil behind the last.
    public mutating func next(_ message: borrowing RawSpan) throws(WireError) -> RecordView? {
        let section: MessageSection
        if remaining.answer > 0 {
            section = .answer
            remaining.answer -= 1
        } else if remaining.authority > 0 {
            section = .authority
            remaining.authority -= 1
        } else if remaining.additional > 0 {
            section = .additional
            remaining.additional -= 1
        } else {
            return nil
        }
        let fixed = try Message.skipName(message, at: offset)
        guard fixed + 10 <= message.byteCount else { throw .truncated }
        let record = RecordView(
            section: section,
            ownerOffset: offset,
            type: RecordType(message.uint16(at: fixed)),
            recordClass: RecordClass(rawValue: message.uint16(at: fixed + 2)),
            ttl: message.uint32(at: fixed + 4),
            rdataOffset: fixed + 10,
            rdataLength: Int(message.uint16(at: fixed + 8))
        )
        offset = fixed + 10 + record.rdataLength
        guard offset <= message.byteCount else { throw .truncated }
        return record
    }
}
