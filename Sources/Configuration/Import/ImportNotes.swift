/// Collects what an import could not carry over.
struct ImportNotes {
    private let file: String
    private var notes: [ImportNote] = []
    /// A line that is read twice, as that of a snippet, has each of its notes once.
    private var known: Set<ImportNote> = []

    init(file: String) { self.file = file }

    /// Notes something about a line of the file.
    mutating func add(_ line: Int, _ message: String) {
        let note = ImportNote(file: file, line: line, message: onOneLine(message))
        if known.insert(note).inserted { notes.append(note) }
    }

    /// All of them by line; what was noted first comes first.
    var sorted: [ImportNote] {
        notes.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            .map(\.element)
    }
}
