// What a client makes of a reply (RFC 1035 §4.1, RFC 8914 §2).
import DNSWire

/// A reply to one of the load's queries.
struct ClientReply {
    private(set) var outcome = Outcome.wrong
    /// Code and text of the first Extended DNS Error.
    private(set) var errorText: String?

    private static let extendedError: UInt16 = 15
    private static let staleAnswer: UInt16 = 3

    /// Reads a reply; nil when it is none to this query.
    init?(_ message: borrowing RawSpan, to query: [UInt8], address: UInt32) {
        // The query has an OPT of 11 octets behind its question.
        let questionEnd = query.count - LoadQuery.optLength
        guard let header = Header(message), header.flags.isResponse, header.questionCount == 1,
            message.byteCount >= questionEnd,
            (WireLimits.headerLength..<questionEnd).allSatisfy({ message.uint8(at: $0) == query[$0] })
        else { return nil }
        var found: UInt32?
        var isStale = false
        var cursor = RecordCursor(header: header, offset: questionEnd)
        do throws(WireError) {
            while let record = try cursor.next(message) {
                if record.section == .answer, record.type == .a, record.rdataLength == 4 {
                    found = message.uint32(at: record.rdataOffset)
                }
                if record.type == .opt { isStale = readErrors(record, message) }
            }
        } catch {
            return
        }
        switch header.flags.responseCode {
        case .servFail: outcome = .servFail
        case .noError where found == address: outcome = isStale ? .stale : .answer
        default: outcome = .wrong
        }
    }

    /// Reads the options of an OPT record; says whether one calls the answer stale.
    private mutating func readErrors(_ record: RecordView, _ message: borrowing RawSpan) -> Bool {
        var isStale = false
        var offset = record.rdataOffset
        let end = record.rdataOffset + record.rdataLength
        while offset + 4 <= end {
            let length = Int(message.uint16(at: offset + 2))
            guard offset + 4 + length <= end else { return isStale }
            if message.uint16(at: offset) == Self.extendedError, length >= 2 {
                let code = message.uint16(at: offset + 4)
                if code == Self.staleAnswer { isStale = true }
                let text = (offset + 6..<offset + 4 + length).map { message.uint8(at: $0) }
                errorText = errorText ?? "\(code) \(String(decoding: text, as: UTF8.self))"
            }
            offset += 4 + length
        }
        return isStale
    }
}
