// The header of a message (RFC 1035 §4.1.1, RFC 4035 §3.2):
//
//     0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
//    |                      ID                       |
//    |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
//    |          QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT   |

/// The ID that ties a response to its query (RFC 1035 §4.1.1).
public struct MessageID: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    @inline(always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }
}

/// The second word of a header: flags, opcode and RCODE.
public struct HeaderFlags: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    @inline(always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let response: UInt16 = 0x8000
    public static let authoritative: UInt16 = 0x0400
    public static let truncated: UInt16 = 0x0200
    public static let recursionDesired: UInt16 = 0x0100
    public static let recursionAvailable: UInt16 = 0x0080
    public static let authenticData: UInt16 = 0x0020
    public static let checkingDisabled: UInt16 = 0x0010
    @usableFromInline
    static let opcodeMask: UInt16 = 0x7800

    /// QR: the message is a response.
    public var isResponse: Bool { rawValue & Self.response != 0 }
    /// The opcode, 0 for a standard query.
    public var opcode: UInt8 { UInt8(truncatingIfNeeded: (rawValue & Self.opcodeMask) >> 11) }
    /// AA.
    public var isAuthoritative: Bool { rawValue & Self.authoritative != 0 }
    /// TC.
    public var isTruncated: Bool { rawValue & Self.truncated != 0 }
    /// RD.
    public var recursionDesired: Bool { rawValue & Self.recursionDesired != 0 }
    /// RA.
    public var recursionAvailable: Bool { rawValue & Self.recursionAvailable != 0 }
    /// AD.
    public var authenticData: Bool { rawValue & Self.authenticData != 0 }
    /// CD.
    public var checkingDisabled: Bool { rawValue & Self.checkingDisabled != 0 }
    /// The lower four bits of the RCODE.
    public var responseCode: ResponseCode { ResponseCode(rawValue: rawValue & 0x000F) }

    /// The flags of our reply to a query with these: QR and RA set; opcode, RD and CD copied (RFC 4035 §3.2.2).
    @inline(always)
    public func reply(_ responseCode: ResponseCode, isAuthoritative: Bool = false) -> HeaderFlags {
        let kept = rawValue & (Self.opcodeMask | Self.recursionDesired | Self.checkingDisabled)
        return HeaderFlags(
            rawValue: kept | Self.response | Self.recursionAvailable
                | (isAuthoritative ? Self.authoritative : 0) | (responseCode.rawValue & 0x000F)
        )
    }
}

/// A header, read from a message of at least 12 octets.
public struct Header: Sendable, BitwiseCopyable {
    public var id: MessageID
    public var flags: HeaderFlags
    public var questionCount: UInt16
    public var answerCount: UInt16
    public var authorityCount: UInt16
    public var additionalCount: UInt16

    /// Reads a header; nil when the message has fewer than 12 octets.
    @inline(always)
    public init?(_ message: borrowing RawSpan) {
        guard message.byteCount >= WireLimits.headerLength else { return nil }
        id = MessageID(rawValue: message.uint16(at: 0))
        flags = HeaderFlags(rawValue: message.uint16(at: 2))
        questionCount = message.uint16(at: 4)
        answerCount = message.uint16(at: 6)
        authorityCount = message.uint16(at: 8)
        additionalCount = message.uint16(at: 10)
    }

    public init(
        id: MessageID,
        flags: HeaderFlags,
        questionCount: UInt16 = 1,
        answerCount: UInt16 = 0,
        authorityCount: UInt16 = 0,
        additionalCount: UInt16 = 0
    ) {
        self.id = id
        self.flags = flags
        self.questionCount = questionCount
        self.answerCount = answerCount
        self.authorityCount = authorityCount
        self.additionalCount = additionalCount
    }

    /// Writes the header into the first 12 octets of `message`.
    @inline(always)
    public func write(to message: inout MutableRawSpan) {
        message.store(id.rawValue, at: 0)
        message.store(flags.rawValue, at: 2)
        message.store(questionCount, at: 4)
        message.store(answerCount, at: 6)
        message.store(authorityCount, at: 8)
        message.store(additionalCount, at: 10)
    }
}
