import DNSWire
import PresentationFormat

/// A whole message as our readers see it; throws unless all of it is well-formed.
struct ReadMessage: Equatable {
    var id: UInt16
    var flags: UInt16
    var questions: [ReadQuestion] = []
    var answer: [ResourceRecord] = []
    var authority: [ResourceRecord] = []
    var additional: [ResourceRecord] = []

    init(_ message: borrowing RawSpan) throws(WireError) {
        guard let header = Header(message) else { throw .truncated }
        id = header.id.rawValue
        flags = header.flags.rawValue
        var offset = WireLimits.headerLength
        for _ in 0..<header.questionCount {
            let qname = try DomainName(message, at: &offset)
            guard offset + 4 <= message.byteCount else { throw .truncated }
            let (qtype, qclass) = (message.uint16(at: offset), message.uint16(at: offset + 2))
            questions.append(ReadQuestion(qname: qname, qtype: qtype, qclass: qclass))
            offset += 4
        }
        var cursor = RecordCursor(header: header, offset: offset)
        while let view = try cursor.next(message) {
            let record = try ResourceRecord(view, in: message)
            switch view.section {
            case .answer: answer.append(record)
            case .authority: authority.append(record)
            case .additional: additional.append(record)
            }
        }
        guard cursor.offset == message.byteCount else { throw .badCount }
    }

    /// Writes the message anew, compressed.
    func write(capacity: Int = WireLimits.messageLength) throws(WireError) -> [UInt8] {
        var writer = MessageWriter(capacity: capacity)
        writer.begin(
            Header(
                id: MessageID(rawValue: id),
                flags: HeaderFlags(rawValue: flags),
                questionCount: UInt16(questions.count),
                answerCount: UInt16(answer.count),
                authorityCount: UInt16(authority.count),
                additionalCount: UInt16(additional.count)
            )
        )
        for question in questions {
            try writer.appendQuestion(
                question.qname,
                RecordType(question.qtype),
                RecordClass(rawValue: question.qclass)
            )
        }
        for record in answer + authority + additional { try writer.append(record) }
        return writer.bytes.toArray()
    }
}

/// An entry of the question section.
struct ReadQuestion: Equatable {
    var qname: DomainName
    var qtype: UInt16
    var qclass: UInt16
}
