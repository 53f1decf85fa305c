/// What the parser meets, in the order of the text.
struct YAMLEvent {
    /// The events of libyaml that a single document can bring.
    enum Kind {
        case scalar(text: String, isPlain: Bool)
        case listStart
        case mappingStart
        /// The end of the innermost list or mapping.
        case end
        /// A reference to an anchor.
        case alias
        case documentStart
        case streamEnd
        /// The start of the stream or the end of a document.
        case other
    }

    var kind: Kind
    var position: Position
    /// Whether the value has a name that aliases may refer to.
    var hasAnchor = false
}

/// Why a text cannot be read as one YAML document.
enum YAMLSyntaxError: Error {
    /// libyaml's words, and where what it was reading began.
    case invalid(problem: String, position: Position, context: Context?)
    /// A character that YAML does not allow, `offset` octets from the start of the text.
    case character(code: Int32, offset: Int)
    case secondDocument(Position)
    case tooDeep(Position)
    case outOfMemory

    /// What was being read when the problem came up.
    struct Context {
        /// A clause: `while parsing a flow sequence`.
        var text: String
        var position: Position
    }
}
