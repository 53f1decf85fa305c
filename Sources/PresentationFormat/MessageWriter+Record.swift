public import DNSWire

extension MessageWriter {
    /// Writes a whole record; the names of its RDATA are compressed where RFC 3597 §4 allows it.
    ///
    /// Throws `badRdata` or a name's error when the RDATA does not have the shape of its type.
    public mutating func append(_ record: ResourceRecord) throws(WireError) {
        let start = try beginRecord(record.owner, record.type, record.recordClass, ttl: record.ttl)
        // SAFETY: every octet of an array of UInt8 is initialized.
        let rdata = unsafe record.rdata.span.bytes
        var offset = 0
        if let layout = RdataLayout.of(record.type), layout.mayCompress {
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
