// Where names stand in RDATA: the types of RFC 1035 §3.3 and their successors.

/// The shape of a type's RDATA as far as names matter: a few fixed parts, then whatever is left.
///
/// Types without names, and types that we do not know (RFC 3597), are all `rest`.
public struct RdataLayout: Sendable, BitwiseCopyable {
    /// Octets before the first name.
    public var prefixLength: Int
    /// Character strings between the prefix and the first name (NAPTR).
    public var characterStrings: Int
    /// Names, one behind the other.
    public var names: Int
    /// Octets that must follow the names; nil when any number may.
    public var suffixLength: Int?
    /// Whether the names may be compressed on output: types of RFC 1035 only (RFC 3597 §4).
    public var mayCompress: Bool

    private init(
        prefix: Int = 0,
        strings: Int = 0,
        names: Int = 1,
        suffix: Int? = 0,
        mayCompress: Bool = false
    ) {
        prefixLength = prefix
        characterStrings = strings
        self.names = names
        suffixLength = suffix
        self.mayCompress = mayCompress
    }

    /// The layout of a type, or nil when its RDATA holds no name that we know of.
    public static func of(_ type: RecordType) -> RdataLayout? {
        switch type {
        case .ns, .cname, .ptr, .mb, .mg, .mr, .md, .mf: RdataLayout(mayCompress: true)
        case .soa: RdataLayout(names: 2, suffix: 20, mayCompress: true)
        case .mx: RdataLayout(prefix: 2, mayCompress: true)
        case .minfo: RdataLayout(names: 2, mayCompress: true)
        case .dname: RdataLayout()
        case .rp: RdataLayout(names: 2)
        case .afsdb, .rt, .kx, .lp: RdataLayout(prefix: 2)
        case .srv: RdataLayout(prefix: 6)
        case .px: RdataLayout(prefix: 2, names: 2)
        case .naptr: RdataLayout(prefix: 4, strings: 3)
        case .svcb, .https: RdataLayout(prefix: 2, suffix: nil)
        case .rrsig, .sig: RdataLayout(prefix: 18, suffix: nil)
        case .nsec, .nxt: RdataLayout(suffix: nil)
        default: nil
        }
    }

    /// The offset in `message` of the first name of the RDATA at `offset`, which has `length` octets.
    public func firstName(
        _ message: borrowing RawSpan,
        rdataOffset offset: Int,
        rdataLength length: Int
    ) throws(WireError) -> Int {
        var position = offset + prefixLength
        let end = offset + length
        for _ in 0..<characterStrings {
            guard position < end else { throw .badRdata }
            position += 1 + Int(message.uint8(at: position))
        }
        guard position < end else { throw .badRdata }
        return position
    }
}
