/// A reply as dig, kdig or drill print it.
struct Reply: Sendable, CustomStringConvertible {
    struct Record: Sendable, Equatable, CustomStringConvertible {
        var owner: String
        var ttl: Int
        var recordClass: String
        var type: String
        /// Fields separated by one space.
        var data: String

        var description: String { "\(owner) \(ttl) \(recordClass) \(type) \(data)" }
    }

    struct ExtendedError: Sendable, Equatable {
        var code: Int
        var text: String
    }

    /// All that the tool printed.
    var description: String
    var status = ""
    var opcode = ""
    var flags: Set<String> = []
    var question = ""
    var answer: [Record] = []
    var authority: [Record] = []
    var additional: [Record] = []
    /// The line of the OPT record; nil when the reply had none.
    var edns: String?
    var extendedErrors: [ExtendedError] = []
    /// Octets of the message; 0 when the tool did not say.
    var size = 0

    /// The data of the answer section's records of one type.
    func data(_ type: String) -> [String] { answer.filter { $0.type == type }.map(\.data) }
    /// NOERROR without an answer, with an SOA record.
    var isNoData: Bool { status == "NOERROR" && answer.isEmpty && authority.first?.type == "SOA" }
    /// The text of all Extended DNS Errors.
    var errorText: String { extendedErrors.map(\.text).joined(separator: "; ") }
}

// MARK: - Reading what a tool prints

extension Reply {
    private enum Section {
        case none
        case question
        case answer
        case authority
        case additional
    }

    init(parsing text: String) {
        description = text
        var section = Section.none
        for line in text.split(separator: "\n").map(String.init) {
            if line.hasPrefix(";;") {
                if let found = Self.section(line) { section = found }
                readHeader(line)
            } else if line.hasPrefix(";") {
                readPseudoSection(line)
                if section == .question, question.isEmpty, !line.contains("EDNS") {
                    question = Self.normalized(String(line.dropFirst()))
                }
            } else if let record = Self.record(line) {
                switch section {
                case .answer: answer.append(record)
                case .authority: authority.append(record)
                case .additional: additional.append(record)
                case .none, .question: break
                }
            }
        }
    }

    private static func section(_ line: String) -> Section? {
        if line.contains("QUESTION SECTION") { return .question }
        if line.contains("ANSWER SECTION") { return .answer }
        if line.contains("AUTHORITY SECTION") { return .authority }
        if line.contains("ADDITIONAL SECTION") { return .additional }
        return line.contains("PSEUDO") ? Section.none : nil
    }

    private mutating func readHeader(_ line: String) {
        // dig and drill separate by commas, kdig by semicolons; drill says rcode for status.
        for field in line.split(whereSeparator: { ",;".contains($0) }).map(Self.normalized) {
            let words = field.split(separator: " ")
            guard let first = words.first else { continue }
            switch first {
            case "status:", "rcode:": status = String(words.last ?? "")
            case "->>HEADER<<-": opcode = String(words.last ?? "")
            case "flags:", "Flags:": flags = Set(words.dropFirst().map(String.init))
            case "MSG": size = Self.number(after: "rcvd:", field) ?? Self.number(after: "SIZE", field) ?? size
            case "Received": size = Int(words.dropFirst().first ?? "") ?? size
            case "EDNS": edns = Self.normalized(line)
            default: break
            }
        }
        if line.contains("EDE:") { readPseudoSection(line) }
    }

    private mutating func readPseudoSection(_ line: String) {
        if line.contains("EDNS:") { edns = Self.normalized(line) }
        // "; EDE: 22 (No Reachable Authority): (text)", kdig's with other quotes.
        guard let start = line.firstRange(of: "EDE: ") else { return }
        let rest = line[start.upperBound...]
        let code = Int(rest.prefix(while: \.isNumber)) ?? -1
        var text = ""
        if let colon = rest.firstRange(of: "): ") {
            text = rest[colon.upperBound...].trimmingPrefix { "('\"".contains($0) }.description
            while let last = text.last, ")'\"".contains(last) { text.removeLast() }
        }
        extendedErrors.append(ExtendedError(code: code, text: text))
    }

    private static func record(_ line: String) -> Record? {
        let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count >= 4, let ttl = Int(fields[1]) else { return nil }
        return Record(
            owner: fields[0],
            ttl: ttl,
            recordClass: fields[2],
            type: fields[3],
            data: fields[4...].joined(separator: " ")
        )
    }

    private static func normalized(_ text: some StringProtocol) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func number(after word: String, _ text: String) -> Int? {
        let words = text.split(separator: " ").map(String.init)
        guard let place = words.firstIndex(of: word), place + 1 < words.count else { return nil }
        return Int(words[place + 1])
    }
}

// MARK: - Asking

/// Runs dig against a server; every argument is one word of its command line.
func dig(_ arguments: String..., at server: Endpoint) throws -> Reply {
    try dig(arguments, at: server)
}

func dig(_ arguments: [String], at server: Endpoint) throws -> Reply {
    let common = ["-r", "@\(server.host)", "-p", "\(server.port)", "+tries=1", "+time=10"]
    return Reply(parsing: try run(.dig, common + arguments).output)
}

func kdig(_ arguments: String..., at server: Endpoint) throws -> Reply {
    let common = ["@\(server.host)", "-p", "\(server.port)", "+retry=0", "+time=10"]
    return Reply(parsing: try run(.kdig, common + arguments).output)
}

func drill(_ arguments: String..., at server: Endpoint) throws -> Reply {
    let common = ["-p", "\(server.port)", "@\(server.host)"]
    // drill wants options first, and the server before the name.
    let options = arguments.filter { $0.hasPrefix("-") }
    let rest = arguments.filter { !$0.hasPrefix("-") }
    let name = rest.first.map { [$0] } ?? []
    return Reply(
        parsing: try run(.drill, options + Array(common[0...1]) + name + [common[2]] + rest.dropFirst())
            .output
    )
}
