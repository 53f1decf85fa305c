import DNSWire
import EmbeddedClusters
import PresentationFormat
import Testing

/// A reply as text: RCODE, flags and the records of each section.
struct ReadReply {
    var header: Header
    var answer: [String] = []
    var authority: [String] = []
    var additional: [String] = []
    var edns: EDNS?
    var length: Int

    var code: ResponseCode { header.flags.responseCode }
    /// NOERROR without an answer, with an SOA record.
    var isNoData: Bool { code == .noError && answer.isEmpty && authority.first?.contains(" SOA ") == true }
    /// NXDOMAIN with an SOA record.
    var isNameError: Bool {
        code == .nxDomain && answer.isEmpty && authority.first?.contains(" SOA ") == true
    }
}

/// Asks a cluster one question.
func ask(
    _ name: String,
    _ type: RecordType = .a,
    of cluster: EmbeddedCluster = .east,
    qclass: RecordClass = .internet,
    edns: UInt16? = nil,
    isStream: Bool = true
) throws -> ReadReply {
    var writer = MessageWriter(capacity: 512)
    let flags = HeaderFlags(rawValue: HeaderFlags.recursionDesired)
    writer.begin(Header(id: MessageID(rawValue: 4711), flags: flags, additionalCount: edns == nil ? 0 : 1))
    try writer.appendQuestion(try #require(DomainName(name)), type, qclass)
    if let edns {
        let start = try writer.beginRecord(DomainName(), .opt, RecordClass(rawValue: edns), ttl: 0x8000)
        try writer.endRecord(rdataOffset: start)
    }
    var buffer = WireBuffer(capacity: 65_535)
    var reply = buffer.mutableBytes
    let length = cluster.answer(writer.bytes, isStream: isStream, reply: &reply)
    return try read(buffer.bytes.extracting(first: length))
}

/// Reads a reply.
func read(_ message: borrowing RawSpan) throws -> ReadReply {
    let read = Header(message)
    let header = try #require(read)
    var reply = ReadReply(header: header, length: message.byteCount)
    let end = header.questionCount == 0 ? 12 : try Message.skipName(message, at: 12) + 4
    var cursor = RecordCursor(header: header, offset: end)
    while let view = try cursor.next(message) {
        if view.type == .opt {
            reply.edns = try EDNS(view, in: message)
            continue
        }
        let text = try ResourceRecord(view, in: message).presentation
            .replacing("\t", with: " ")
            .replacing(" IN ", with: " ")
        switch view.section {
        case .answer: reply.answer.append(text)
        case .authority: reply.authority.append(text)
        case .additional: reply.additional.append(text)
        }
    }
    let restLength = message.byteCount - cursor.offset
    #expect(restLength == 0)
    return reply
}
