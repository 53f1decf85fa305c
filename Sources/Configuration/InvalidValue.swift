/// What is wrong with the text of one value.
struct InvalidValue: Error {
    /// What is wrong and what to do, a sentence.
    let message: String

    init(_ message: String) { self.message = message }
}

/// The text between backquotes, cut where it is long, fit for a sentence on one line.
func quoted(_ text: String) -> String {
    let short = text.unicodeScalars.count <= 80 ? text : String(text.prefix(60)) + "…"
    return "`\(onOneLine(short))`"
}

/// The text with blanks in place of control characters.
func onOneLine(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
}
