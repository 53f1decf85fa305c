import Yams

/// Turns YAML text into nodes with places, by Yams, and what is wrong with it into sentences.
///
/// Syntax errors end the reading; everything else leaves the rest of the text to be read.
struct YAMLDocument {
    /// The top of the document; nil where the text holds none, or cannot be read.
    private(set) var root: YAMLNode?
    /// What is wrong, in no particular order.
    private(set) var problems: [(position: Position, message: String)]

    private var maskedKeys: [Position: String] = [:]

    /// Reads a text without a byte order mark.
    init(_ text: String) {
        problems = YAMLPrescan(text).problems
        // What the prescan refuses may be there to make the parser explode.
        guard problems.isEmpty else { return }
        var text = text
        while true {
            do {
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                // The parser keeps anchors alive, which nodes hold weakly only.
                root = try withExtendedLifetime(parser) {
                    try parser.singleRoot().flatMap { node(from: $0, depth: 0) }
                }
                return
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let position = Position(context.mark)
                guard let key = keys.first, let masked = mask(key, at: position, in: text) else {
                    reportDuplicates(upTo: position)
                    return
                }
                text = masked
            } catch let error as YamlError {
                report(error, in: text)
                return
            } catch {
                report(Position(line: 1, column: 1), "this is no YAML: \(error)")
                return
            }
        }
    }

    private mutating func report(_ position: Position, _ message: String) {
        problems.append((position, message))
    }
}

// MARK: - Nodes

extension YAMLDocument {
    /// Converts a node; nil when it is refused.
    private mutating func node(from node: Node, depth: Int) -> YAMLNode? {
        let position = node.mark.map(Position.init) ?? Position(line: 1, column: 1)
        guard node.anchor == nil else {
            report(position, "anchors and aliases are not supported; write the values out")
            return nil
        }
        guard depth < ConfigurationLimits.nestingDepth else {
            report(position, "lists and mappings are nested too deeply here; remove the extra levels")
            return nil
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            return YAMLNode(position: position, content: .scalar(text: scalar.string, isPlain: isPlain))
        case .sequence(let sequence):
            var list: [YAMLNode] = []
            list.reserveCapacity(sequence.count)
            for element in sequence {
                if let element = self.node(from: element, depth: depth + 1) { list.append(element) }
            }
            return YAMLNode(position: position, content: .list(list))
        case .mapping(let mapping):
            return YAMLNode(position: position, content: .mapping(entries(of: mapping, depth: depth)))
        case .alias:
            report(position, "aliases are not supported; write the values out")
            return nil
        }
    }

    private mutating func entries(of mapping: Node.Mapping, depth: Int) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        entries.reserveCapacity(mapping.count)
        var places: [String: Position] = [:]
        for (key, value) in mapping {
            let position = key.mark.map(Position.init) ?? Position(line: 1, column: 1)
            guard case .scalar(let scalar) = key else {
                report(position, "a key must be a single word; put text with brackets or braces in quotes")
                continue
            }
            let name = maskedKeys[position] ?? scalar.string
            // Without masked keys the parser has found no duplicates.
            if !maskedKeys.isEmpty {
                if let first = places[name] {
                    report(position, "\(quoted(name)) is here already, on \(first.words); keep one of them")
                    continue
                }
                places[name] = position
            }
            guard let value = node(from: value, depth: depth + 1) else { continue }
            entries.append(YAMLEntry(key: name, position: position, value: value))
        }
        return entries
    }
}

// MARK: - Duplicate keys

extension YAMLDocument {
    /// The text with the first letter of the key at `position` made unique, so that the parser goes on.
    ///
    /// The parser stops at a duplicate key and names the first of the two only. The letter is for private use
    /// and takes one column, so that every later place stays true.
    private mutating func mask(_ key: String, at position: Position, in text: String) -> String? {
        guard maskedKeys.count < ConfigurationLimits.duplicateKeys, !key.isEmpty,
            maskedKeys[position] == nil,
            let letter = Unicode.Scalar(UInt32(0xF_0000 + maskedKeys.count)),
            var index = text.index(of: position)
        else { return nil }
        let scalars = text.unicodeScalars
        if scalars[index] == "\"" || scalars[index] == "'" { index = scalars.index(after: index) }
        guard index < scalars.endIndex else { return nil }
        maskedKeys[position] = key
        var masked = String.UnicodeScalarView(scalars[..<index])
        masked.append(letter)
        masked.append(contentsOf: scalars[scalars.index(after: index)...])
        return String(masked)
    }
}

extension YAMLDocument {
    /// Reports the duplicate keys found so far, where there are too many to go on.
    private mutating func reportDuplicates(upTo position: Position) {
        for (position, key) in maskedKeys {
            report(position, "\(quoted(key)) is here more than once; keep one of them")
        }
        report(position, "this mapping holds a key twice; keep one of them")
    }
}

extension String {
    /// The index of a place, by the line breaks of YAML 1.1.
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
}

// MARK: - Errors of the parser

extension Position {
    fileprivate init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

extension YAMLDocument {
    private mutating func report(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            var position = Position(mark)
            let opened = context.map { ", \($0.text) on line \($0.mark.line)" } ?? ""
            // Where a quote or bracket stays open to the end, its beginning is the place to look at.
            if let context, text.index(of: position) == nil { position = Position(context.mark) }
            guard !problem.contains("nesting") else {
                report(position, "lists and mappings are nested too deeply here; remove the extra levels")
                return
            }
            let line = Self.line(position.line, of: text)
            let advice = Self.advice(line, at: position.column)
            report(position, "this is no valid YAML (\(problem)\(opened)); \(advice)")
        case .composer(_, _, let mark, _):
            report(Position(mark), "a second document begins here; keep one and remove the `---`")
        case .reader(_, let offset, let value, _):
            let position = Self.position(ofCharacter: offset ?? 0, in: text)
            let code = String(value, radix: 16, uppercase: true)
            report(position, "the character U+\(code) is not allowed; remove it")
        default:
            report(Position(line: 1, column: 1), "this cannot be read as YAML: \(error)")
        }
    }

    private static func line(_ number: Int, of text: String) -> String {
        guard let start = text.index(of: Position(line: number, column: 1)) else { return "" }
        return String(text.unicodeScalars[start...].prefix { $0 != "\n" && $0 != "\r" })
    }

    private static func position(ofCharacter offset: Int, in text: String) -> Position {
        var position = Position(line: 1, column: 1)
        for scalar in text.prefix(offset).unicodeScalars {
            if scalar == "\n" {
                position = Position(line: position.line + 1, column: 1)
            } else {
                position.column += 1
            }
        }
        return position
    }

    private static func advice(_ line: String, at column: Int) -> String {
        if line.unicodeScalars.prefix(column).contains("\t") { return "indent with spaces, not with tabs" }
        if line.contains("{cluster}") { return "put the pattern in quotes: \"{cluster}.example.org\"" }
        if line.contains("::") { return "put IPv6 addresses in quotes: \"[::1]:53\"" }
        return "check the indentation, brackets and quotes here and on the line above"
    }
}
