// Messages of tests: queries of clients and responses of servers, from text.
import DNSWire
import PresentationFormat
import Testing

/// What a client asks, and how.
struct ClientQuestion {
    var text: String
    var id: UInt16 = 4711
    var qclass = RecordClass.internet
    var recursionDesired = true
    var checkingDisabled = false
    var authenticData = false
    /// The UDP payload of its OPT record; nil for none.
    var payload: UInt16? = 1232
    var dnssecOK = false
    var version: UInt8 = 0
    var options: [EDNSOption] = []

    init(_ text: String) { self.text = text }

    func write() throws -> [UInt8] {
        let (qname, qtype) = try readQuestion(text)
        var flags: UInt16 = 0
        if recursionDesired { flags |= HeaderFlags.recursionDesired }
        if checkingDisabled { flags |= HeaderFlags.checkingDisabled }
        if authenticData { flags |= HeaderFlags.authenticData }
        var writer = MessageWriter(capacity: 2048)
        writer.begin(
            Header(
                id: MessageID(rawValue: id),
                flags: HeaderFlags(rawValue: flags),
                additionalCount: payload == nil ? 0 : 1
            )
        )
        try writer.appendQuestion(qname, qtype, qclass)
        if let payload {
            let ttl = UInt32(version) << 16 | (dnssecOK ? 0x8000 : 0)
            let start = try writer.beginRecord(
                DomainName(),
                .opt,
                RecordClass(rawValue: payload),
                ttl: ttl
            )
            try writer.append(options)
            try writer.endRecord(rdataOffset: start)
        }
        return writer.bytes.toArray()
    }
}

/// What a server answers; records in presentation format without class.
struct ServerResponse {
    var code = ResponseCode.noError
    var answer: [String] = []
    var authority: [String] = []
    var additional: [String] = []
    var isTruncated = false
    var flags: UInt16 = HeaderFlags.recursionAvailable | HeaderFlags.recursionDesired
    var hasOPT = true
    var options: [EDNSOption] = []
    /// In place of the ID that was asked with.
    var id: MessageID?
    /// In place of the question that was asked.
    var question: String?
    /// Leaves the question out.
    var hasQuestion = true

    func write(for query: SentQuery) throws -> [UInt8] {
        var writer = MessageWriter()
        let isExtended = code.rawValue > 15
        let counts = [answer, authority, additional].map { UInt16($0.count) }
        writer.begin(
            Header(
                id: id ?? query.message.header.id,
                flags: HeaderFlags(
                    rawValue: HeaderFlags.response | flags | code.rawValue & 0xF
                        | (isTruncated ? HeaderFlags.truncated : 0)
                ),
                questionCount: hasQuestion ? 1 : 0,
                answerCount: counts[0],
                authorityCount: counts[1],
                additionalCount: counts[2] + (hasOPT || isExtended ? 1 : 0)
            )
        )
        if hasQuestion {
            let asked = (query.message.qname, query.message.qtype)
            let (qname, qtype) = try question.map { try readQuestion($0) } ?? asked
            try writer.appendQuestion(qname, qtype, .internet)
        }
        for text in answer + authority + additional {
            try writer.append(try ResourceRecord(presentation: text))
        }
        if hasOPT || isExtended {
            let start = try writer.beginRecord(
                DomainName(),
                .opt,
                RecordClass(rawValue: 1232),
                ttl: UInt32(code.rawValue >> 4) << 24
            )
            try writer.append(options)
            try writer.endRecord(rdataOffset: start)
        }
        return writer.bytes.toArray()
    }
}

extension MessageWriter {
    /// Appends the options of an OPT record.
    mutating func append(_ options: [EDNSOption]) throws {
        for option in options {
            try append(option.code)
            try append(UInt16(option.data.count))
            for octet in option.data { try append(octet) }
        }
    }
}
