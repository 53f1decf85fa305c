// DNS messages of the tests' own, written apart from the server's code so that both cannot be wrong alike.

/// RCODEs and types by number; the tests speak wire format.
enum Code {
    static let noError: UInt16 = 0
    static let formErr: UInt16 = 1
    static let servFail: UInt16 = 2
    static let nxDomain: UInt16 = 3
    static let notImp: UInt16 = 4
    static let refused: UInt16 = 5
}

enum Type {
    static let a: UInt16 = 1
    static let ns: UInt16 = 2
    static let cname: UInt16 = 5
    static let soa: UInt16 = 6
    static let txt: UInt16 = 16
    static let aaaa: UInt16 = 28
    static let opt: UInt16 = 41
    static let rrsig: UInt16 = 46
    static let nsec: UInt16 = 47
}

/// A record with its owner as text, names in RDATA decompressed.
struct TestRecord: Sendable, Equatable {
    var owner: String
    var type: UInt16
    var recordClass: UInt16 = 1
    var ttl: UInt32 = 60
    var rdata: [UInt8]

    static func a(_ owner: String, _ address: String, ttl: UInt32 = 60) -> TestRecord {
        let octets = address.split(separator: ".").compactMap { UInt8($0) }
        return TestRecord(owner: owner, type: Type.a, ttl: ttl, rdata: octets)
    }

    static func cname(_ owner: String, _ target: String, ttl: UInt32 = 60) -> TestRecord {
        TestRecord(owner: owner, type: Type.cname, ttl: ttl, rdata: wireName(target))
    }

    static func txt(_ owner: String, _ texts: [String], ttl: UInt32 = 60) -> TestRecord {
        let rdata = texts.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return TestRecord(owner: owner, type: Type.txt, ttl: ttl, rdata: rdata)
    }

    static func soa(_ owner: String, ttl: UInt32 = 60, minimum: UInt32 = 60) -> TestRecord {
        let numbers = [1, 7200, 1800, 86_400, minimum].flatMap(bigEndian)
        let rdata = wireName("ns.dns.\(owner)") + wireName("hostmaster.\(owner)") + numbers
        return TestRecord(owner: owner, type: Type.soa, ttl: ttl, rdata: rdata)
    }
}

func bigEndian(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
func bigEndian(_ value: UInt32) -> [UInt8] {
    bigEndian(UInt16(value >> 16)) + bigEndian(UInt16(value & 0xFFFF))
}

/// The wire form of a name; a label may be any text without a dot.
func wireName(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}

/// A whole message.
struct TestMessage: Sendable {
    struct Question: Sendable, Equatable {
        var name: String
        var type: UInt16
        var questionClass: UInt16 = 1
    }

    static let response: UInt16 = 0x8000
    static let truncated: UInt16 = 0x0200
    static let recursionDesired: UInt16 = 0x0100
    static let recursionAvailable: UInt16 = 0x0080

    var id: UInt16
    var flags: UInt16
    var questions: [Question] = []
    var answer: [TestRecord] = []
    var authority: [TestRecord] = []
    var additional: [TestRecord] = []

    /// A query with RD and a random ID.
    init(query name: String, _ type: UInt16 = Type.a, edns size: UInt16? = nil) {
        id = .random(in: 0...UInt16.max)
        flags = Self.recursionDesired
        questions = [Question(name: name, type: type)]
        if let size {
            additional = [TestRecord(owner: "", type: Type.opt, recordClass: size, ttl: 0, rdata: [])]
        }
    }

    /// A response to a query.
    init(to query: TestMessage, code: UInt16 = Code.noError, answer: [TestRecord] = []) {
        id = query.id
        flags = Self.response | Self.recursionAvailable | query.flags & Self.recursionDesired | code
        questions = query.questions
        self.answer = answer
    }

    var responseCode: UInt16 { flags & 0xF }
    var isTruncated: Bool { flags & Self.truncated != 0 }
    var hasOPT: Bool { additional.contains { $0.type == Type.opt } }
    var qname: String { questions.first?.name ?? "" }
    var qtype: UInt16 { questions.first?.type ?? 0 }
    /// Whether this is what servers are asked by default when they are down or idle, or to see whether it comes back.
    var isProbe: Bool {
        ["", ".", "kubernetes.default.svc.cluster.local"].contains(qname.lowercased()) || isLoopProbe
    }
    /// Whether this is what servers are asked to see whether it comes back to the forwarder.
    var isLoopProbe: Bool { qname.lowercased().hasPrefix("switchyard-loop-") }

    /// The message as octets, names not compressed.
    var bytes: [UInt8] {
        var bytes = bigEndian(id) + bigEndian(flags)
        for count in [questions.count, answer.count, authority.count, additional.count] {
            bytes += bigEndian(UInt16(count))
        }
        for question in questions {
            bytes += wireName(question.name) + bigEndian(question.type) + bigEndian(question.questionClass)
        }
        for record in answer + authority + additional {
            bytes += wireName(record.owner) + bigEndian(record.type) + bigEndian(record.recordClass)
            bytes += bigEndian(record.ttl) + bigEndian(UInt16(record.rdata.count)) + record.rdata
        }
        return bytes
    }

    /// The same with the length in front, for streams.
    var framed: [UInt8] { frame(bytes) }
}

func frame(_ bytes: [UInt8]) -> [UInt8] { bigEndian(UInt16(bytes.count)) + bytes }

// MARK: - Reading

extension TestMessage {
    /// Reads a message; throws when it is not well-formed to its last octet.
    init(parsing bytes: [UInt8]) throws {
        var reader = Reader(bytes: bytes)
        id = try reader.uint16()
        flags = try reader.uint16()
        let counts = try (0..<4).map { _ in Int(try reader.uint16()) }
        for _ in 0..<counts[0] {
            questions.append(
                Question(
                    name: try reader.name(),
                    type: try reader.uint16(),
                    questionClass: try reader.uint16()
                )
            )
        }
        answer = try (0..<counts[1]).map { _ in try reader.record() }
        authority = try (0..<counts[2]).map { _ in try reader.record() }
        additional = try (0..<counts[3]).map { _ in try reader.record() }
        guard reader.position == bytes.count else { throw HarnessError("octets behind the message") }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func uint8() throws -> UInt8 {
            guard position < bytes.count else { throw HarnessError("message ends too early") }
            position += 1
            return bytes[position - 1]
        }

        mutating func uint16() throws -> UInt16 { UInt16(try uint8()) << 8 | UInt16(try uint8()) }

        mutating func name() throws -> String {
            var labels: [String] = []
            var end: Int?
            for _ in 0..<256 {
                let length = Int(try uint8())
                if length == 0 {
                    position = end ?? position
                    return labels.joined(separator: ".")
                }
                if length >= 0xC0 {
                    let target = (length & 0x3F) << 8 | Int(try uint8())
                    end = end ?? position
                    guard target < position - 2 else { throw HarnessError("pointer does not go back") }
                    position = target
                } else {
                    guard length <= 63 else { throw HarnessError("bad label length") }
                    labels.append(String(decoding: try (0..<length).map { _ in try uint8() }, as: UTF8.self))
                }
            }
            throw HarnessError("name does not end")
        }

        mutating func record() throws -> TestRecord {
            let owner = try name()
            let type = try uint16()
            let recordClass = try uint16()
            let ttl = UInt32(try uint16()) << 16 | UInt32(try uint16())
            let length = Int(try uint16())
            let end = position + length
            guard end <= bytes.count else { throw HarnessError("RDATA passes the end") }
            var rdata = Array(bytes[position..<end])
            if type == Type.cname || type == Type.ns { rdata = wireName(try name()) }
            position = end
            return TestRecord(owner: owner, type: type, recordClass: recordClass, ttl: ttl, rdata: rdata)
        }
    }
}
