/// The limits of the wire format, each with its source.
public enum WireLimits {
    /// Octets of a name in wire form, root label included (RFC 1035 §2.3.4).
    public static let nameLength = 255
    /// Octets of a label (RFC 1035 §2.3.4).
    public static let labelLength = 63
    /// Octets of the message header (RFC 1035 §4.1.1).
    public static let headerLength = 12
    /// Octets of a message: what the length prefix of TCP can say (RFC 1035 §4.2.2).
    public static let messageLength = 65_535
    /// A compression pointer has 14 bits (RFC 1035 §4.1.4).
    public static let pointerTarget = 0x3FFF
    /// Pointers of one name: more than a name can have labels; without it 64 KiB may hold a ladder of thousands.
    public static let pointersPerName = 127
    /// The UDP payload of a client that sent no OPT record (RFC 1035 §2.3.4, RFC 6891 §6.2.3).
    public static let plainUDPPayload = 512
    /// Seconds of a TTL: 7 days (RFC 8767 §4 asks for a cap of this order; RFC 2181 §8).
    public static let ttlSeconds: UInt32 = 604_800
    /// Records that one message may have: more than 65,535 octets can hold (11 octets is the smallest record).
    public static let recordsPerMessage = 5_957
}
