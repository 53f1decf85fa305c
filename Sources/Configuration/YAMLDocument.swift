/// Makes nodes with places of YAML text, by libyaml, and sentences of what is wrong with it.
///
/// A syntax error ends the reading and is then the only problem; everything else leaves the rest of the text to
/// be read.
struct YAMLDocument {
    /// The top of the document; nil where the text holds none, or cannot be read.
    private(set) var root: YAMLNode?
    /// What is wrong, in no particular order.
    private(set) var problems: [(position: Position, message: String)]

    /// Reads a text.
    ///
    /// - Parameter file: the number of the file in positions.
    init(_ text: String, file: Int = 0) {
        // A byte order mark would count as a column.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        problems = []
        read(text, file)
        for i in problems.indices { problems[i].position.file = file }
    }

    private mutating func read(_ text: String, _ file: Int) {
        problems = YAMLPrescan(text).problems
        // What the prescan refuses may be there to make the parser explode.
        guard problems.isEmpty else { return }
        do throws(YAMLSyntaxError) {
            guard var parser = YAMLParser(text, file: file) else { throw .outOfMemory }
            root = try document(&parser)
        } catch {
            problems = [error.problem(in: text)]
        }
    }

    private mutating func report(_ position: Position, _ message: String) {
        problems.append((position, message))
    }
}

// MARK: - Nodes

extension YAMLDocument {
    /// Reads the one document that the text may hold.
    private mutating func document(_ parser: inout YAMLParser) throws(YAMLSyntaxError) -> YAMLNode? {
        while true {
            let event = try parser.next()
            switch event.kind {
            case .documentStart: break
            case .streamEnd: return nil
            default: continue
            }
            let root = try node(try parser.next(), &parser, depth: 0)
            while true {
                let event = try parser.next()
                switch event.kind {
                case .documentStart: throw .secondDocument(event.position)
                case .streamEnd: return root
                default: continue
                }
            }
        }
    }

    /// Reads the rest of the node that begins with an event; nil when it is refused.
    private mutating func node(
        _ event: YAMLEvent,
        _ parser: inout YAMLParser,
        depth: Int
    ) throws(YAMLSyntaxError) -> YAMLNode? {
        guard !event.hasAnchor else {
            return try refuse(event, &parser, "anchors and aliases are not supported; write the values out")
        }
        guard depth < ConfigurationLimits.nestingDepth else {
            return try refuse(event, &parser, YAMLSyntaxError.tooDeepMessage)
        }
        let content: YAMLNode.Content
        switch event.kind {
        case .scalar(let text, let isPlain): content = .scalar(text: text, isPlain: isPlain)
        case .listStart: content = .list(try elements(&parser, depth: depth + 1))
        case .mappingStart: content = .mapping(try entries(&parser, depth: depth + 1))
        case .alias, .end, .documentStart, .streamEnd, .other:
            return try refuse(event, &parser, "aliases are not supported; write the values out")
        }
        return YAMLNode(position: event.position, content: content)
    }

    private mutating func elements(
        _ parser: inout YAMLParser,
        depth: Int
    ) throws(YAMLSyntaxError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try parser.next()
            if case .end = event.kind { return elements }
            if let element = try node(event, &parser, depth: depth) { elements.append(element) }
        }
    }

    private mutating func entries(
        _ parser: inout YAMLParser,
        depth: Int
    ) throws(YAMLSyntaxError) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var places = FirstPlaces<String>()
        while true {
            let event = try parser.next()
            let position = event.position
            switch event.kind {
            case .end: return entries
            case .scalar(let key, _):
                let first = places.add(key, at: position)
                if let first {
                    report(position, "\(quoted(key)) is here already, on \(first.words); keep one of them")
                    try skip(try parser.next(), &parser)
                } else if let value = try node(try parser.next(), &parser, depth: depth) {
                    entries.append(YAMLEntry(key: key, position: position, value: value))
                }
            default:
                report(position, "a key must be a single word; put text with brackets or braces in quotes")
                try skip(event, &parser)
                try skip(try parser.next(), &parser)
            }
        }
    }

    private mutating func refuse(
        _ event: YAMLEvent,
        _ parser: inout YAMLParser,
        _ message: String
    ) throws(YAMLSyntaxError) -> YAMLNode? {
        report(event.position, message)
        try skip(event, &parser)
        return nil
    }

    /// Reads over the rest of the node that begins with an event.
    private func skip(_ first: YAMLEvent, _ parser: inout YAMLParser) throws(YAMLSyntaxError) {
        var event = first
        var open = 0
        while true {
            switch event.kind {
            case .listStart, .mappingStart:
                open += 1
                guard open < ConfigurationLimits.skippedDepth else { throw .tooDeep(event.position) }
            case .end: open -= 1
            case .streamEnd: return
            case .scalar, .alias, .documentStart, .other: break
            }
            if open <= 0 { return }
            event = try parser.next()
        }
    }
}
