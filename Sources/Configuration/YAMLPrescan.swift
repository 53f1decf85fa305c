/// Finds what YAML allows and a configuration of ours does not need, before the parser sees the text.
///
/// Anchors and aliases let a small file stand for a huge one, and tags change what a value is; all are looked
/// for where a value may begin, outside of quotes and comments.
struct YAMLPrescan {
    private enum Mode {
        case plain
        case singleQuoted
        case doubleQuoted
        case comment
    }

    /// What was found, in order.
    private(set) var problems: [(position: Position, message: String)] = []
    private var mode = Mode.plain
    private var position = Position(line: 1, column: 1)
    /// Whether a value may begin here.
    private var isValueStart = true
    private var isAfterSpace = true
    private var skipsNext = false

    /// Reads a text once from its beginning to its end.
    init(_ text: String) {
        var octets = text.utf8.makeIterator()
        var next = octets.next()
        while let octet = next {
            next = octets.next()
            if Self.isOrdinary(octet) {
                readOrdinary()
            } else {
                if skipsNext { skipsNext = false } else { read(octet, before: next) }
                move(past: octet)
            }
        }
    }

    /// Whether an octet means nothing but itself, as most do.
    private static func isOrdinary(_ octet: UInt8) -> Bool {
        (octet | 0x20) &- UInt8(ascii: "a") < 26 || octet &- UInt8(ascii: "0") < 10
            || octet == UInt8(ascii: ".")
    }

    private mutating func readOrdinary() {
        if mode == .plain {
            isValueStart = false
            isAfterSpace = false
        }
        skipsNext = false
        position.column += 1
    }

    private mutating func move(past octet: UInt8) {
        if octet == UInt8(ascii: "\n") {
            position = Position(line: position.line + 1, column: 1)
        } else if octet & 0xC0 != 0x80 {
            position.column += 1
        }
    }

    private mutating func read(_ octet: UInt8, before next: UInt8?) {
        if octet == 0x7F || octet < 0x20 && ![0x09, 0x0A, 0x0D].contains(octet) {
            report("control characters are not allowed; remove the one with the code \(octet)")
        }
        switch mode {
        case .plain: readPlain(octet, before: next)
        case .comment: if octet == UInt8(ascii: "\n") { beginLine() }
        case .doubleQuoted:
            if octet == UInt8(ascii: "\\") { skipsNext = true }
            if octet == UInt8(ascii: "\"") { endQuote() }
        case .singleQuoted:
            guard octet == UInt8(ascii: "'") else { return }
            if next == UInt8(ascii: "'") { skipsNext = true } else { endQuote() }
        }
    }

    private mutating func beginLine() {
        mode = .plain
        isValueStart = true
        isAfterSpace = true
    }

    private mutating func endQuote() {
        mode = .plain
        isValueStart = false
        isAfterSpace = false
    }

    private mutating func readPlain(_ octet: UInt8, before next: UInt8?) {
        let isSpace = octet == 0x20 || octet == 0x09 || octet == 0x0D
        defer { isAfterSpace = isSpace || octet == UInt8(ascii: "\n") }
        switch octet {
        case UInt8(ascii: "\n"): beginLine()
        case 0x20, 0x09, 0x0D: break
        case UInt8(ascii: "#") where isAfterSpace: mode = .comment
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":"): isValueStart = true
        case UInt8(ascii: "-") where isValueStart, UInt8(ascii: "?") where isValueStart: break
        case UInt8(ascii: "\"") where isValueStart: mode = .doubleQuoted
        case UInt8(ascii: "'") where isValueStart: mode = .singleQuoted
        case UInt8(ascii: "&") where isValueStart && Self.isNamePart(next):
            report("anchors (`&name`) are not supported; write the values out where they are used")
        case UInt8(ascii: "*") where isValueStart && Self.isNamePart(next):
            report("aliases (`*name`) are not supported; write the values out where they are used")
        case UInt8(ascii: "!") where isValueStart:
            report("tags such as `!!str` are not supported; remove it")
        default: isValueStart = false
        }
    }

    private mutating func report(_ message: String) {
        problems.append((position, message))
        isValueStart = false
    }

    private static func isNamePart(_ octet: UInt8?) -> Bool {
        octet.map { $0 > 0x20 } ?? false
    }
}
