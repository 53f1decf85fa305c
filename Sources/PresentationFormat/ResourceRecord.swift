public import DNSWire

/// A resource record that owns its octets: for constants, tests and local data, not for the packet path.
public struct ResourceRecord: Hashable, Sendable {
    public var owner: DomainName
    public var type: RecordType
    public var recordClass: RecordClass
    /// Seconds.
    public var ttl: UInt32
    /// RDATA in wire form, its names uncompressed; at most 65,535 octets.
    public var rdata: [UInt8]

    public init(
        owner: DomainName,
        type: RecordType,
        recordClass: RecordClass = .internet,
        ttl: UInt32,
        rdata: [UInt8]
    ) {
        self.owner = owner
        self.type = type
        self.recordClass = recordClass
        self.ttl = ttl
        self.rdata = rdata
    }
}
