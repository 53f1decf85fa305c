// What a syntax error is called, and what to do about it.

extension YAMLSyntaxError {
    /// Of nodes below the limit, too, which leave the rest of the text to be read.
    static let tooDeepMessage = "lists and mappings are nested too deeply here; remove the extra levels"

    /// The place and the sentence of the error in `text`.
    func problem(in text: String) -> (position: Position, message: String) {
        switch self {
        case .invalid(let problem, let position, let context):
            return Self.invalid(problem, position, context, in: text)
        case .character(let code, let offset):
            let code = String(code, radix: 16, uppercase: true)
            return (text.position(atOctet: offset), "the character U+\(code) is not allowed; remove it")
        case .secondDocument(let position):
            return (position, "a second document begins here; keep one and remove the `---`")
        case .tooDeep(let position): return (position, Self.tooDeepMessage)
        case .outOfMemory:
            return (Position(line: 1, column: 1), "there is not enough memory to read this; shorten it")
        }
    }

    private static func invalid(
        _ problem: String,
        _ position: Position,
        _ context: Context?,
        in text: String
    ) -> (position: Position, message: String) {
        let opened = context.map { ", \($0.text) on line \($0.position.line)" } ?? ""
        let isAtEnd = text.index(of: position) == nil
        // Where a quote or bracket stays open to the end, its beginning is the place to look at.
        let place = if isAtEnd, let context { context.position } else { position }
        let advice = advice(text.line(place.line), at: place.column)
        return (place, "this is no valid YAML (\(problem)\(opened)); \(advice)")
    }

    private static func advice(_ line: String, at column: Int) -> String {
        if line.unicodeScalars.prefix(column).contains("\t") { return "indent with spaces, not with tabs" }
        if line.contains("{cluster}") { return "put the pattern in quotes: \"{cluster}.example.org\"" }
        if line.contains("::") { return "put IPv6 addresses in quotes: \"[::1]:53\"" }
        return "check the indentation, brackets and quotes here and on the line above"
    }
}

extension String {
    /// The index of a place, by the line breaks of YAML 1.1; nil at the end and behind it.
    fileprivate func index(of position: Position) -> String.Index? {
        var line = 1
        var index = unicodeScalars.startIndex
        while line < position.line {
            guard index < unicodeScalars.endIndex else { return nil }
            let scalar = unicodeScalars[index]
            index = unicodeScalars.index(after: index)
            switch scalar {
            case "\r":
                if index < unicodeScalars.endIndex, unicodeScalars[index] == "\n" { continue }
                line += 1
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": line += 1
            default: break
            }
        }
        let end = unicodeScalars.endIndex
        let found = unicodeScalars.index(index, offsetBy: position.column - 1, limitedBy: end)
        return found == end ? nil : found
    }

    /// The text of a line, counted from 1.
    fileprivate func line(_ number: Int) -> String {
        guard let start = index(of: Position(line: number, column: 1)) else { return "" }
        return String(unicodeScalars[start...].prefix { $0 != "\n" && $0 != "\r" })
    }

    /// The place that has `offset` octets in front of it.
    fileprivate func position(atOctet offset: Int) -> Position {
        var position = Position(line: 1, column: 1)
        for octet in utf8.prefix(offset) {
            if octet == UInt8(ascii: "\n") {
                position = Position(line: position.line + 1, column: 1)
            } else if octet & 0xC0 != 0x80 {
                position.column += 1
            }
        }
        return position
    }
}
