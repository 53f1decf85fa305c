import DNSWire

/// A query of the load that is on its way.
struct LoadQuery {
    static let optLength = 11

    let kind: NameKind
    let phase: Phase
    /// Nanoseconds of the monotonic clock.
    let sentAt: UInt64
    /// The whole message, with an OPT record at its end.
    let octets: [UInt8]
    /// What the answer must say.
    let address: UInt32

    /// Makes the query for the address of a name below a cluster's zone.
    init(
        label: String,
        zone: [UInt8],
        network: UInt16,
        id: UInt16,
        kind: NameKind,
        phase: Phase,
        sentAt: UInt64
    ) {
        self.kind = kind
        self.phase = phase
        self.sentAt = sentAt
        let name = Self.labels(label) + zone
        address = UInt32(network) << 16 | UInt32(FaultyReply.number(name))
        let header: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
        octets = header + name + [0, 1, 0, 1] + [0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]
    }

    /// The labels of a text in wire form, without the root.
    static func labels(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }
}
