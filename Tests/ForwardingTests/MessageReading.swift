// Messages back to text, so that tests compare what a person would read.
import DNSWire
import PresentationFormat
import Testing

/// A message as text: names in the case that they came in, records without class IN.
struct ReadMessage {
    var octets: [UInt8]
    var header: Header
    /// `web.example.org A`; nil without a question.
    var question: String?
    var qname = DomainName()
    var qtype = RecordType(0)
    var qclass = RecordClass.internet
    var answer: [String] = []
    var authority: [String] = []
    var additional: [String] = []
    var edns: EDNS?
    var options: [EDNSOption] = []

    /// The RCODE with the bits that OPT adds.
    var code: ResponseCode {
        let upper = UInt16(edns?.extendedResponseCode ?? 0) << 4
        return ResponseCode(rawValue: header.flags.responseCode.rawValue | upper)
    }

    var flags: HeaderFlags { header.flags }

    /// Extended DNS Errors as `22 cluster east: ...`.
    var errors: [String] {
        options.filter { $0.code == 15 && $0.data.count >= 2 }.map {
            let number = UInt16($0.data[0]) << 8 | UInt16($0.data[1])
            return "\(number) \(String(decoding: $0.data.dropFirst(2), as: UTF8.self))"
        }
    }
}

/// An option of an OPT record.
struct EDNSOption: Equatable {
    var code: UInt16
    var data: [UInt8]
}

/// Reads a message to its last octet.
func readMessage(_ octets: [UInt8]) throws -> ReadMessage {
    let message = octets.wireBytes
    let header = Header(message)
    var read = ReadMessage(octets: octets, header: try #require(header))
    var offset = WireLimits.headerLength
    if read.header.questionCount > 0 {
        read.qname = try DomainName(message, at: &offset)
        read.qtype = RecordType(message.uint16(at: offset))
        read.qclass = RecordClass(rawValue: message.uint16(at: offset + 2))
        read.question = "\(read.qname.presentation) \(typeName(read.qtype))"
        offset += 4
    }
    var cursor = RecordCursor(header: read.header, offset: offset)
    while let view = try cursor.next(message) {
        if view.type == .opt {
            read.edns = try EDNS(view, in: message)
            read.options = readOptions(message.extracting(view.rdataOffset..<cursor.offset))
            continue
        }
        let text = try recordText(view, message)
        switch view.section {
        case .answer: read.answer.append(text)
        case .authority: read.authority.append(text)
        case .additional: read.additional.append(text)
        }
    }
    try #require(cursor.offset == octets.count, "octets behind the last record")
    return read
}

private func readOptions(_ rdata: borrowing RawSpan) -> [EDNSOption] {
    var options: [EDNSOption] = []
    var at = 0
    while at + 4 <= rdata.byteCount {
        let end = at + 4 + Int(rdata.uint16(at: at + 2))
        let data = rdata.extracting((at + 4)..<end).toArray()
        options.append(EDNSOption(code: rdata.uint16(at: at), data: data))
        at = end
    }
    return options
}

private func recordText(_ view: RecordView, _ message: borrowing RawSpan) throws -> String {
    var offset = view.ownerOffset
    let owner = try DomainName(message, at: &offset)
    var rdata: [UInt8] = []
    var position = view.rdataOffset
    let end = view.rdataOffset + view.rdataLength
    if let layout = RdataLayout.of(view.type) {
        let first = try layout.firstName(message, rdataOffset: position, rdataLength: view.rdataLength)
        rdata += message.extracting(position..<first).toArray()
        position = first
        for _ in 0..<layout.names { rdata += try DomainName(message, at: &position).bytes.toArray() }
    }
    rdata += message.extracting(position..<end).toArray()
    let record = ResourceRecord(
        owner: owner,
        type: view.type,
        recordClass: view.recordClass,
        ttl: view.ttl,
        rdata: rdata
    )
    return record.presentation.replacing("\t", with: " ").replacing(" IN ", with: " ")
}

private let typeNumbers: [String: UInt16] = [
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MINFO": 14, "MX": 15, "TXT": 16, "RP": 17,
    "AFSDB": 18, "RT": 21, "PX": 26, "AAAA": 28, "SRV": 33, "NAPTR": 35, "KX": 36, "DNAME": 39, "OPT": 41,
    "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65, "TSIG": 250, "IXFR": 251,
    "AXFR": 252, "ANY": 255,
]

/// The mnemonic of a type, or `TYPE257`.
func typeName(_ type: RecordType) -> String {
    typeNumbers.first { $0.value == type.rawValue }?.key ?? "TYPE\(type.rawValue)"
}

/// The type of a mnemonic, or of `TYPE257`.
func typeNumber(_ text: some StringProtocol) throws -> RecordType {
    if let known = typeNumbers[String(text)] { return RecordType(known) }
    return RecordType(try #require(UInt16(text.dropFirst(4)), "\(text) is no type"))
}

/// Name and type of `web.example.org A`.
func readQuestion(_ text: String) throws -> (DomainName, RecordType) {
    let parts = text.split(separator: " ")
    try #require(parts.count == 2, "\(text) is no question")
    return (try DomainName(presentation: String(parts[0])), try typeNumber(parts[1]))
}
