// Whole records into messages and out of them.
public import DNSWire

extension MessageWriter {
    /// Writes a whole record; the names of its RDATA are compressed where RFC 3597 §4 allows it.
    ///
    /// Throws `badRdata` or a name's error when the RDATA does not have the shape of its type.
    public mutating func append(_ record: ResourceRecord) throws(WireError) {
        let start = try beginRecord(record.owner, record.type, record.recordClass, ttl: record.ttl)
        let rdata = record.rdata.wireBytes
        var offset = 0
        if let layout = RdataLayout.of(record.type), layout.mayCompress, !record.rdata.isEmpty {
            offset = try layout.firstName(rdata, rdataOffset: 0, rdataLength: rdata.byteCount)
            try append(rdata.extracting(0..<offset))
            for _ in 0..<layout.names {
                try appendName(try DomainName(rdata, at: &offset), compress: true)
            }
        }
        try append(rdata.extracting(offset..<rdata.byteCount))
        try endRecord(rdataOffset: start)
    }
}

extension ResourceRecord {
    /// Copies a record out of a message, the names of its RDATA uncompressed.
    ///
    /// Throws `badRdata` or a name's error when the RDATA does not have the shape of its type. RDATA without
    /// names that we know of is taken as it is (RFC 3597).
    public init(_ view: RecordView, in message: borrowing RawSpan) throws(WireError) {
        var offset = view.ownerOffset
        let owner = try DomainName(message, at: &offset)
        let end = view.rdataOffset + view.rdataLength
        var rdata: [UInt8] = []
        offset = view.rdataOffset
        // RDATA may be empty where there is no data: RFC 2136 §2.4.
        if let layout = RdataLayout.of(view.type), view.rdataLength > 0 {
            let first = try layout.firstName(message, rdataOffset: offset, rdataLength: view.rdataLength)
            rdata += message.extracting(offset..<first).toArray()
            offset = first
            for _ in 0..<layout.names {
                guard offset < end else { throw .badRdata }
                rdata += try DomainName(message, at: &offset).bytes.toArray()
            }
            guard offset <= end, layout.suffixLength ?? (end - offset) == end - offset else {
                throw .badRdata
            }
        }
        rdata += message.extracting(offset..<end).toArray()
        self.init(
            owner: owner,
            type: view.type,
            recordClass: view.recordClass,
            ttl: view.ttl,
            rdata: rdata
        )
    }
}
