/// A place in a file; line and column are counted from 1, columns in Unicode scalars.
struct Position: Hashable, Comparable {
    var line: Int
    var column: Int
    /// Which of the files that are read; 0 is the configuration itself, others are included.
    var file = 0

    static func < (left: Position, right: Position) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }

    /// Where every file begins.
    static func start(ofFile file: Int = 0) -> Position { Position(line: 1, column: 1, file: file) }

    /// As in `on line 3, column 5`.
    var words: String { "line \(line), column \(column)" }
}

/// A value of a YAML file with its place: what the rest of this module knows of YAML.
struct YAMLNode {
    /// The three forms of a value.
    enum Content {
        case scalar(text: String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([YAMLEntry])
    }

    var position: Position
    var content: Content

    /// Whether the value is missing or says that it is (YAML 1.2 §10.2.1.1).
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What the value is, with its article.
    var kind: String {
        switch content {
        case .scalar: "a single value"
        case .list: "a list"
        case .mapping: "a mapping of keys to values"
        }
    }
}

/// A key of a mapping and its value.
struct YAMLEntry {
    var key: String
    var position: Position
    var value: YAMLNode
}
