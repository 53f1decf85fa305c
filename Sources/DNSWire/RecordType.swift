/// The type of a resource record or of a question (RFC 1035 §3.2.2, IANA registry).
///
/// Any value is valid.
public struct RecordType: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    @inline(always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inline(always)
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }

    public static let a = RecordType(1)
    public static let ns = RecordType(2)
    public static let md = RecordType(3)
    public static let mf = RecordType(4)
    public static let cname = RecordType(5)
    public static let soa = RecordType(6)
    public static let mb = RecordType(7)
    public static let mg = RecordType(8)
    public static let mr = RecordType(9)
    public static let ptr = RecordType(12)
    public static let hinfo = RecordType(13)
    public static let minfo = RecordType(14)
    public static let mx = RecordType(15)
    public static let txt = RecordType(16)
    public static let rp = RecordType(17)
    public static let afsdb = RecordType(18)
    public static let rt = RecordType(21)
    public static let sig = RecordType(24)
    public static let px = RecordType(26)
    public static let aaaa = RecordType(28)
    public static let nxt = RecordType(30)
    public static let srv = RecordType(33)
    public static let naptr = RecordType(35)
    public static let kx = RecordType(36)
    public static let dname = RecordType(39)
    public static let opt = RecordType(41)
    public static let ds = RecordType(43)
    public static let rrsig = RecordType(46)
    public static let nsec = RecordType(47)
    public static let dnskey = RecordType(48)
    public static let nsec3 = RecordType(50)
    public static let nsec3param = RecordType(51)
    public static let cds = RecordType(59)
    public static let cdnskey = RecordType(60)
    public static let svcb = RecordType(64)
    public static let https = RecordType(65)
    public static let lp = RecordType(107)
    public static let tkey = RecordType(249)
    public static let tsig = RecordType(250)
    public static let ixfr = RecordType(251)
    public static let axfr = RecordType(252)
    public static let any = RecordType(255)

    /// Whether the type may only stand in a question or is otherwise no data (RFC 6895 §3.1: 128 to 255, and OPT).
    public var isMeta: Bool {
        (rawValue >= 128 && rawValue <= 255) || self == .opt || rawValue == 0
    }

    /// Whether the type carries DNSSEC data, which cannot verify once names are mapped (RFC 4034, RFC 5155).
    public var isDNSSEC: Bool {
        switch self {
        case .rrsig, .nsec, .nsec3, .nsec3param, .dnskey, .ds, .cds, .cdnskey, .sig, .nxt: true
        default: false
        }
    }
}

/// The class of a resource record or of a question (RFC 1035 §3.2.4).
///
/// Any value is valid.
public struct RecordClass: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16

    @inline(always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The Internet.
    public static let internet = RecordClass(rawValue: 1)
    /// CHAOS, used for a server's word about itself (RFC 4892).
    public static let chaos = RecordClass(rawValue: 3)
    /// QCLASS ANY (RFC 1035 §3.2.5).
    public static let any = RecordClass(rawValue: 255)
}
