/// The RCODE of a message, with the upper bits that OPT adds (RFC 1035 §4.1.1, RFC 6891 §6.1.3).
public struct ResponseCode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    @inline(always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let noError = ResponseCode(rawValue: 0)
    public static let formErr = ResponseCode(rawValue: 1)
    public static let servFail = ResponseCode(rawValue: 2)
    public static let nxDomain = ResponseCode(rawValue: 3)
    public static let notImp = ResponseCode(rawValue: 4)
    public static let refused = ResponseCode(rawValue: 5)
    /// A mapped name is too long (RFC 6672 §2.2), or a name exists when it should not (RFC 2136 §2.2).
    public static let yxDomain = ResponseCode(rawValue: 6)
    /// The version of OPT is not ours (RFC 6891 §6.1.3).
    public static let badVers = ResponseCode(rawValue: 16)
    /// The server cookie is none of the server's, or too old (RFC 7873 §8).
    public static let badCookie = ResponseCode(rawValue: 23)
}

/// The code of an Extended DNS Error (RFC 8914 §4 and the IANA registry).
public struct ExtendedErrorCode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let other = ExtendedErrorCode(rawValue: 0)
    public static let staleAnswer = ExtendedErrorCode(rawValue: 3)
    public static let cachedError = ExtendedErrorCode(rawValue: 13)
    public static let prohibited = ExtendedErrorCode(rawValue: 18)
    public static let staleNXDomainAnswer = ExtendedErrorCode(rawValue: 19)
    public static let notAuthoritative = ExtendedErrorCode(rawValue: 20)
    public static let notSupported = ExtendedErrorCode(rawValue: 21)
    public static let noReachableAuthority = ExtendedErrorCode(rawValue: 22)
    public static let networkError = ExtendedErrorCode(rawValue: 23)
    public static let invalidData = ExtendedErrorCode(rawValue: 24)
}
