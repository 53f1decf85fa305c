import DNSWire

/// A question below one of the cluster's zones.
struct ZoneQuestion {
    let qname: DomainName
    let qtype: RecordType
    /// The zone with the letters' case of the query.
    let zone: DomainName
    /// The labels left of the zone in lower case, first label first.
    let labels: [String]

    init(qname: DomainName, zoneOffset: Int, qtype: RecordType) {
        self.qname = qname
        self.qtype = qtype
        zone = qname.suffix(from: zoneOffset)
        let count = qname.labelCount - zone.labelCount
        labels = qname.folded.labels.prefix(count).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the question asks for the zone's own name.
    var isApex: Bool { labels.isEmpty }
}
