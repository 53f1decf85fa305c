public import DNSWire

/// The parts of a finished answer beside its octets: what `AnswerCache` keeps and gives back.
///
/// The octets ("body") are the sections behind the question, written with pointers into a message whose
/// question stands at octet 12. OPT is never part of it.
public struct CachedAnswer: Sendable, BitwiseCopyable, Equatable {
    public var responseCode: ResponseCode
    public var isAuthoritative: Bool
    public var answerCount: UInt16
    public var authorityCount: UInt16
    public var additionalCount: UInt16
    /// Octets of the answer section.
    public var answerLength: Int
    /// Octets of the answer and the authority section.
    public var authorityEnd: Int
    /// Octets of all sections.
    public var length: Int
    /// Seconds for which the answer may be used.
    public var lifetimeSeconds: UInt32
    /// A run of equally long records at the end of the answer section that may be rotated; count 0 when none.
    public var rotation: Rotation

    /// Where the records of an address RRset stand, relative to the body.
    public struct Rotation: Sendable, BitwiseCopyable, Equatable {
        public var offset: Int
        public var recordLength: Int
        public var count: Int

        public init(offset: Int = 0, recordLength: Int = 0, count: Int = 0) {
            self.offset = offset
            self.recordLength = recordLength
            self.count = count
        }
    }

    public init(
        responseCode: ResponseCode,
        isAuthoritative: Bool = false,
        answerCount: UInt16 = 0,
        authorityCount: UInt16 = 0,
        additionalCount: UInt16 = 0,
        answerLength: Int = 0,
        authorityEnd: Int = 0,
        length: Int = 0,
        lifetimeSeconds: UInt32 = 0,
        rotation: Rotation = Rotation()
    ) {
        self.responseCode = responseCode
        self.isAuthoritative = isAuthoritative
        self.answerCount = answerCount
        self.authorityCount = authorityCount
        self.additionalCount = additionalCount
        self.answerLength = answerLength
        self.authorityEnd = authorityEnd
        self.length = length
        self.lifetimeSeconds = lifetimeSeconds
        self.rotation = rotation
    }

    /// The sections that go into `available` octets: additional goes first, then an authority section that is
    /// not needed, each whole; TC when a needed one does not fit (RFC 2181 §9, RFC 6891 §7).
    public func fitted(into available: Int) -> FittedAnswer {
        if length <= available {
            return FittedAnswer(
                length: length,
                answerCount: answerCount,
                authorityCount: authorityCount,
                additionalCount: additionalCount
            )
        }
        if authorityEnd <= available {
            return FittedAnswer(
                length: authorityEnd,
                answerCount: answerCount,
                authorityCount: authorityCount
            )
        }
        // A denial is its authority section; beside an answer the section is decoration.
        if answerCount > 0, responseCode == .noError, answerLength <= available {
            return FittedAnswer(length: answerLength, answerCount: answerCount)
        }
        return FittedAnswer(isTruncated: true)
    }
}

/// How much of an answer goes into a reply.
public struct FittedAnswer: Sendable, BitwiseCopyable, Equatable {
    public var isTruncated = false
    /// Octets of the body to copy.
    public var length = 0
    public var answerCount: UInt16 = 0
    public var authorityCount: UInt16 = 0
    public var additionalCount: UInt16 = 0

    /// Nothing of the answer.
    public static let none = FittedAnswer()
}
