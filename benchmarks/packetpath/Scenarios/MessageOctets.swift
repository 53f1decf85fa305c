import DNSWire

/// A message put together octet by octet, so that expectations do not come from the code that they check.
struct MessageOctets {
    private(set) var octets: [UInt8]

    init(id: UInt16, flags: UInt16, questions: UInt16 = 1) {
        octets = []
        for word in [id, flags, questions, 0, 0, 0] { append(word) }
    }

    /// Which count of the header a record adds to, by its octet.
    enum Section: Int {
        case answer = 6
        case authority = 8
        case additional = 10
    }

    mutating func append(_ value: UInt16) {
        octets += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    mutating func append(_ value: UInt32) {
        append(UInt16(value >> 16))
        append(UInt16(truncatingIfNeeded: value))
    }

    mutating func appendQuestion(_ name: [UInt8], _ type: RecordType) {
        octets += name
        append(type.rawValue)
        append(UInt16(1))
    }

    /// Appends a record and counts it.
    ///
    /// - Parameter owner: in wire form; may be or end with a pointer.
    mutating func appendRecord(
        _ section: Section,
        _ owner: [UInt8],
        _ type: RecordType,
        recordClass: UInt16 = 1,
        ttl: UInt32,
        _ rdata: [UInt8]
    ) {
        octets += owner
        append(type.rawValue)
        append(recordClass)
        append(ttl)
        append(UInt16(rdata.count))
        octets += rdata
        octets[section.rawValue + 1] += 1
    }

    mutating func appendOPT(payload: UInt16 = 1232, dnssecOK: Bool = false) {
        appendRecord(.additional, [0], .opt, recordClass: payload, ttl: dnssecOK ? 0x8000 : 0, [])
    }

    /// A name of text in wire form: `example.org`.
    static func name(_ text: String) -> [UInt8] { labels(text) + [0] }

    /// Labels of text, without the root.
    static func labels(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }

    /// A compression pointer to an octet of the message.
    static func pointer(_ offset: Int) -> [UInt8] { [0xC0 | UInt8(offset >> 8), UInt8(offset & 0xFF)] }

    /// The name of the question, pointed to.
    static let questionName = pointer(WireLimits.headerLength)
}
