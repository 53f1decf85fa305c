// Resource records from and to presentation format (RFC 1035 §5.1, RFC 3597 §5), by libldns.
import CLDNS
public import DNSWire

extension ResourceRecord {
    /// Reads one record in presentation format: `web.example.org.
    ///
    /// 30 IN A 192.0.2.1`, on one line.
    ///
    /// Names without a final dot are completed with `origin`. TTL and class may be left out.
    public init(
        presentation text: String,
        origin: DomainName = DomainName(),
        defaultTTL: UInt32 = 3600
    ) throws(PresentationError) {
        // A C string ends at a NUL, and libldns does not look behind a line's end.
        guard !text.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\n") }) else {
            throw PresentationError(message: "a record is one line of text; write each on its own")
        }
        let record = try LDNSRecord(text, origin: origin, defaultTTL: defaultTTL)
        guard let wire = record.wire(), let read = ResourceRecord(wire: wire) else {
            throw PresentationError(message: "`\(text)` does not fit into a message; shorten it")
        }
        self = read
    }

    /// The record in presentation format, its fields apart by tabs.
    ///
    /// RDATA that does not have the shape of its type is written in the form for unknown types (RFC 3597 §5).
    public var presentation: String {
        if let record = LDNSRecord(wire: wire(type: type)), let text = record.text() { return text }
        // libldns knows no shape of a private type, so it prints any RDATA of one.
        let opaque = LDNSRecord(wire: wire(type: Self.privateUse))?.text() ?? ""
        var fields = opaque.split(separator: "\t").map(String.init)
        if fields.count > 3 { fields[3] = "TYPE\(type.rawValue)" }
        return fields.joined(separator: "\t")
    }

    private static let privateUse = RecordType(65_280)

    /// The whole record in uncompressed wire form, as a record of `type`.
    private func wire(type: RecordType) -> [UInt8] {
        precondition(rdata.count <= Int(UInt16.max))
        var wire = owner.bytes.toArray()
        for field in [
            type.rawValue, recordClass.rawValue, UInt16(ttl >> 16), UInt16(ttl & 0xFFFF), UInt16(rdata.count),
        ] {
            wire += [UInt8(field >> 8), UInt8(field & 0xFF)]
        }
        return wire + rdata
    }

    /// Reads a whole record in uncompressed wire form.
    private init?(wire: [UInt8]) {
        let bytes = wire.wireBytes
        var offset = 0
        guard let owner = try? DomainName(bytes, at: &offset), offset + 10 <= wire.count,
            offset + 10 + Int(bytes.uint16(at: offset + 8)) == wire.count
        else { return nil }
        self.init(
            owner: owner,
            type: RecordType(bytes.uint16(at: offset)),
            recordClass: RecordClass(rawValue: bytes.uint16(at: offset + 2)),
            ttl: bytes.uint32(at: offset + 4),
            rdata: Array(wire[(offset + 10)...])
        )
    }
}
