import DNSWire
import PresentationFormat

/// A message as text, in the form of the files `Fixtures/wire/NAME.txt`.
///
///     id 1234 flags 8580
///     question example.org. IN A
///     answer example.org. 30 IN A 192.0.2.1
///     opt size 1232 rcode 0 version 0 flags 8000
///
/// Numbers of the first line and of `flags` are hexadecimal. Fields are apart by single spaces.
struct MessageFixture: Equatable, CustomStringConvertible {
    var id: UInt16
    var flags: UInt16
    var questions: [String] = []
    var records: [LDNSMessage.Section: [String]] = [:]
    var edns: FixtureEDNS?

    init(id: UInt16, flags: UInt16) {
        self.id = id
        self.flags = flags
    }

    /// Reads the text form; nil when a line is none of it.
    init?(_ text: String) {
        self.init(id: 0, flags: 0)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard fields.count == 2 else { return nil }
            let words = fields[1].split(separator: " ").map(String.init)
            switch fields[0] {
            case "id":
                guard words.count == 3, let id = UInt16(words[0], radix: 16),
                    let flags = UInt16(words[2], radix: 16)
                else { return nil }
                (self.id, self.flags) = (id, flags)
            case "question": questions.append(fields[1])
            case "answer": records[.answer, default: []].append(fields[1])
            case "authority": records[.authority, default: []].append(fields[1])
            case "additional": records[.additional, default: []].append(fields[1])
            case "opt":
                guard let edns = FixtureEDNS(words) else { return nil }
                self.edns = edns
            default: return nil
            }
        }
    }

    /// The text form.
    var description: String {
        func spaced(_ text: String) -> String { text.replacing("\t", with: " ") }
        var lines = ["id \(String(id, radix: 16)) flags \(String(flags, radix: 16))"]
        lines += questions.map { "question \(spaced($0))" }
        for section in LDNSMessage.Section.allCases {
            lines += (records[section] ?? []).map { "\(section) \(spaced($0))" }
        }
        if let edns { lines.append("opt \(edns)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The message that our readers saw, as text.
    init(_ message: ReadMessage) throws {
        self.init(id: message.id, flags: message.flags)
        questions = message.questions.map { question in
            // A question is the head of a record; libldns writes `owner class type`.
            let record = ResourceRecord(
                owner: question.qname,
                type: RecordType(question.qtype),
                recordClass: RecordClass(rawValue: question.qclass),
                ttl: 0,
                rdata: []
            )
            let fields = record.presentation.split(separator: "\t")
            return "\(fields[0]) \(fields[2]) \(fields[3])"
        }
        records[.answer] = message.answer.map(\.presentation)
        records[.authority] = message.authority.map(\.presentation)
        for record in message.additional {
            if record.type == .opt {
                edns = FixtureEDNS(record)
            } else {
                records[.additional, default: []].append(record.presentation)
            }
        }
    }

    /// Writes the message with our writer, the way the server does.
    func write() throws -> [UInt8] {
        var writer = MessageWriter()
        func records(_ section: LDNSMessage.Section) throws -> [ResourceRecord] {
            try (self.records[section] ?? []).map { try ResourceRecord(presentation: $0) }
        }
        let sections = try (records(.answer), records(.authority), records(.additional))
        writer.begin(
            Header(
                id: MessageID(rawValue: id),
                flags: HeaderFlags(rawValue: flags),
                questionCount: UInt16(questions.count),
                answerCount: UInt16(sections.0.count),
                authorityCount: UInt16(sections.1.count),
                additionalCount: UInt16(sections.2.count + (edns == nil ? 0 : 1))
            )
        )
        for question in questions {
            let fields = question.split(separator: " ")
            // A record of the same name, class and type without data gives the numbers.
            let head = try ResourceRecord(presentation: "\(fields[0]) 0 \(fields[1]) \(fields[2]) \\# 0")
            try writer.appendQuestion(head.owner, head.type, head.recordClass)
        }
        for record in sections.0 + sections.1 + sections.2 { try writer.append(record) }
        if let edns { try writer.append(edns.record) }
        return writer.bytes.toArray()
    }
}

/// What an OPT record says, without its options.
struct FixtureEDNS: Equatable, CustomStringConvertible {
    var size: UInt16
    var extendedResponseCode: UInt8
    var version: UInt8
    var flags: UInt16

    init(size: UInt16, extendedResponseCode: UInt8, version: UInt8, flags: UInt16) {
        self.size = size
        self.extendedResponseCode = extendedResponseCode
        self.version = version
        self.flags = flags
    }

    init?(_ words: [String]) {
        guard words.count == 8, let size = UInt16(words[1]), let code = UInt8(words[3]),
            let version = UInt8(words[5]), let flags = UInt16(words[7], radix: 16)
        else { return nil }
        self.init(size: size, extendedResponseCode: code, version: version, flags: flags)
    }

    init(_ record: ResourceRecord) {
        self.init(
            size: record.recordClass.rawValue,
            extendedResponseCode: UInt8(record.ttl >> 24),
            version: UInt8(record.ttl >> 16 & 0xFF),
            flags: UInt16(record.ttl & 0xFFFF)
        )
    }

    var description: String {
        "size \(size) rcode \(extendedResponseCode) version \(version) flags \(String(flags, radix: 16))"
    }

    var record: ResourceRecord {
        ResourceRecord(
            owner: DomainName(),
            type: .opt,
            recordClass: RecordClass(rawValue: size),
            ttl: UInt32(extendedResponseCode) << 24 | UInt32(version) << 16 | UInt32(flags),
            rdata: []
        )
    }
}
