/// Splits a Corefile into words, braces among them.
struct CorefileTokens {
    struct Token {
        var text: String
        var line: Int
    }

    private(set) var tokens: [Token] = []
    private var line = 1
    private var word = String.UnicodeScalarView()
    private var wordLine = 1
    private var isQuoted = false
    private var isEscaped = false
    private var isComment = false

    init(_ text: String) {
        for scalar in text.unicodeScalars {
            read(scalar)
            if scalar == "\n" { line += 1 }
        }
        endWord()
    }

    private mutating func read(_ scalar: Unicode.Scalar) {
        if isComment {
            if scalar == "\n" { isComment = false }
        } else if isEscaped {
            isEscaped = false
            if scalar != "\"" { append("\\") }
            append(scalar)
        } else if isQuoted {
            switch scalar {
            case "\\": isEscaped = true
            case "\"":
                isQuoted = false
                endWord(keepsEmpty: true)
            default: append(scalar)
            }
        } else if [" ", "\t", "\r", "\n"].contains(scalar) {
            endWord()
        } else if word.isEmpty, scalar == "#" {
            isComment = true
        } else if word.isEmpty, scalar == "\"" {
            isQuoted = true
            wordLine = line
        } else {
            append(scalar)
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        if word.isEmpty, !isQuoted { wordLine = line }
        word.append(scalar)
    }

    private mutating func endWord(keepsEmpty: Bool = false) {
        guard keepsEmpty || !word.isEmpty else { return }
        tokens.append(Token(text: String(word), line: wordLine))
        word.removeAll()
    }
}
