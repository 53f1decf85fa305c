/// Makes blocks of the words of a Corefile: the words in front of a brace, and the lines behind it.
struct CorefileParser {
    private let tokens: [CorefileTokens.Token]
    private var index = 0
    private var snippets: [String: [CorefileDirective]] = [:]

    /// Lists and blocks within each other; one of a plugin is the second.
    private static let depth = 4
    /// Lines that imports of snippets may make, so that those that import each other end.
    private static let imported = 10_000
    private var importedCount = 0

    init(_ text: String) { tokens = CorefileTokens(text).tokens }

    /// The server blocks; `name` is the first key, `arguments` are the others.
    mutating func blocks(_ notes: inout ImportNotes) -> [CorefileDirective] {
        var blocks: [CorefileDirective] = []
        while index < tokens.count {
            let line = tokens[index].line
            var keys: [String] = []
            while index < tokens.count, tokens[index].text != "{" {
                keys += tokens[index].text.split(separator: ",").map(String.init)
                index += 1
            }
            index += 1
            let body = lines(depth: 1, &notes)
            if let key = keys.first, key.hasPrefix("("), key.hasSuffix(")") {
                snippets[String(key.dropFirst().dropLast())] = body
            } else if let key = keys.first {
                blocks.append(
                    CorefileDirective(name: key, arguments: Array(keys.dropFirst()), line: line, block: body)
                )
            }
        }
        return blocks
    }

    /// Reads to the closing brace.
    private mutating func lines(depth: Int, _ notes: inout ImportNotes) -> [CorefileDirective] {
        var lines: [CorefileDirective] = []
        while index < tokens.count {
            let first = tokens[index]
            index += 1
            if first.text == "}" { return lines }
            var directive = CorefileDirective(
                name: first.text,
                arguments: rest(of: first.line),
                line: first.line
            )
            if index < tokens.count, tokens[index].text == "{", tokens[index].line == first.line {
                index += 1
                guard depth < Self.depth else {
                    notes.add(first.line, "blocks are nested too deeply here; this one is left out")
                    skip()
                    continue
                }
                directive.block = self.lines(depth: depth + 1, &notes)
            }
            lines += expanded(directive)
        }
        notes.add(tokens.last?.line ?? 1, "a closing brace is missing; the file was read as if it were here")
        return lines
    }

    /// The words of a line up to a brace.
    private mutating func rest(of line: Int) -> [String] {
        var words: [String] = []
        while index < tokens.count, tokens[index].line == line, !["{", "}"].contains(tokens[index].text) {
            words.append(tokens[index].text)
            index += 1
        }
        return words
    }

    /// Reads over a block.
    private mutating func skip() {
        var open = 1
        while index < tokens.count, open > 0 {
            if tokens[index].text == "{" { open += 1 }
            if tokens[index].text == "}" { open -= 1 }
            index += 1
        }
    }

    /// What a line stands for: the lines of the snippet that it imports, or itself.
    private mutating func expanded(_ directive: CorefileDirective) -> [CorefileDirective] {
        guard directive.name == "import", let name = directive.arguments.first, let lines = snippets[name],
            importedCount + lines.count <= Self.imported
        else { return [directive] }
        importedCount += lines.count
        return lines
    }
}
