// Options of OPT records (RFC 6891 §6.1.2).

/// The code of an option (IANA registry of EDNS0 option codes).
public struct EDNSOptionCode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    @inline(always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// COOKIE (RFC 7873 §4).
    public static let cookie = EDNSOptionCode(rawValue: 10)
    /// Extended DNS Error (RFC 8914 §2).
    public static let extendedError = EDNSOptionCode(rawValue: 15)
    /// The Switchyards that a query came through: ours, from the range for local use (RFC 6891 §9).
    public static let path = EDNSOptionCode(rawValue: 65_153)
}

extension MessageWriter {
    /// Appends what stands before the data of an option.
    public mutating func appendOption(_ code: EDNSOptionCode, length: Int) throws(WireError) {
        try append(UInt32(code.rawValue) << 16 | UInt32(UInt16(length)))
    }
}

extension RecordView {
    /// Where the data of the first option with a code lies; nil when this OPT record has none.
    ///
    /// Options that do not fill the RDATA are not found.
    public func option(_ code: EDNSOptionCode, in message: borrowing RawSpan) -> Range<Int>? {
        var offset = rdataOffset
        let end = rdataOffset + rdataLength
        while offset + 4 <= end {
            let next = offset + 4 + Int(message.uint16(at: offset + 2))
            guard next <= end else { return nil }
            if message.uint16(at: offset) == code.rawValue { return offset + 4..<next }
            offset = next
        }
        return nil
    }
}

extension Message {
    /// The OPT record of a message with one question; nil when there is none, or the message is malformed before it.
    public static func opt(_ message: borrowing RawSpan, _ header: Header) -> RecordView? {
        guard header.additionalCount > 0 else { return nil }
        do throws(WireError) {
            var start = WireLimits.headerLength
            if header.questionCount == 1 { start = try skipName(message, at: start) + 4 }
            var cursor = RecordCursor(header: header, offset: start)
            while let record = try cursor.next(message) {
                if record.type == .opt { return record }
            }
            return nil
        } catch {
            return nil
        }
    }
}
