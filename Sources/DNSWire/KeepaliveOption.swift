// How long a connection may stay open: the EDNS option edns-tcp-keepalive (RFC 7828).

/// The option with which a server says for how long it keeps an idle connection.
public enum KeepaliveOption {
    private static let code: UInt16 = 11
    private static let timeoutLength = 2
    /// What the server's number counts.
    private static let unitMilliseconds = 100

    /// Writes the option as queries carry it, without a time, into the RDATA of an OPT record (RFC 7828 §3.2.1).
    ///
    /// Over streams only.
    public static func appendRequest(to writer: inout MessageWriter) throws(WireError) {
        try writer.append(UInt32(code) << 16)
    }

    /// The time that a response gives, in milliseconds: 0 asks for the end of the connection (RFC 7828 §3.3.2).
    ///
    /// nil without the option, and where the message or the option is malformed.
    public static func timeoutMilliseconds(in response: borrowing RawSpan) -> Int? {
        guard let header = Header(response), header.additionalCount > 0 else { return nil }
        do throws(WireError) {
            guard let options = try optionsRange(response, header) else { return nil }
            return timeout(response, options)
        } catch {
            return nil
        }
    }

    /// Where the options of the OPT record stand; nil without one.
    private static func optionsRange(
        _ message: borrowing RawSpan,
        _ header: Header
    ) throws(WireError) -> Range<Int>? {
        var offset = WireLimits.headerLength
        for _ in 0..<header.questionCount { offset = try Message.skipName(message, at: offset) + 4 }
        var cursor = RecordCursor(header: header, offset: offset)
        while let record = try cursor.next(message) {
            guard record.section == .additional, record.type == .opt else { continue }
            return record.rdataOffset..<record.rdataOffset + record.rdataLength
        }
        return nil
    }

    private static func timeout(_ message: borrowing RawSpan, _ options: Range<Int>) -> Int? {
        var offset = options.lowerBound
        while offset + 4 <= options.upperBound {
            let length = Int(message.uint16(at: offset + 2))
            let value = offset + 4
            guard value + length <= options.upperBound else { return nil }
            if message.uint16(at: offset) == code {
                return length == timeoutLength ? Int(message.uint16(at: value)) * unitMilliseconds : nil
            }
            offset = value + length
        }
        return nil
    }
}
