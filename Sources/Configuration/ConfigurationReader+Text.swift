// Texts, and the octets that may be one.

extension ConfigurationReader {
    /// Reads the text of the file itself; throws all of its mistakes.
    func read(_ text: String) throws(ConfigurationError) -> ServerConfiguration {
        if let root = node(of: text, file: 0, isMissing: "write `{}` to mean the defaults"),
            let configuration = read(root)
        {
            return configuration
        }
        throw ConfigurationError(problems: sortedProblems)
    }

    /// The top of a text; nil when it cannot be read or says nothing, which is reported.
    ///
    /// - Parameter advice: what to do when there is nothing.
    func node(of text: String, file: Int, isMissing advice: String) -> YAMLNode? {
        let document = YAMLDocument(text, file: file)
        for problem in document.problems { report(problem.position, problem.message) }
        if let root = document.root, !root.isNull { return root }
        if document.problems.isEmpty {
            report(.start(ofFile: file), "the file says nothing; \(advice)")
        }
        return nil
    }

    /// The text that octets are; nil when they are none, which is reported.
    func text(of octets: [UInt8], file: Int) -> String? {
        if let text = String(validating: octets, as: UTF8.self) { return text }
        // The replacement characters of a repair begin where the first bad octet stands.
        var position = Position.start(ofFile: file)
        var decoder = UTF8()
        var iterator = octets.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            position.column += 1
            if scalar == "\n" {
                position.line += 1
                position.column = 1
            }
        }
        report(position, "this is no UTF-8 text; save the file as UTF-8")
        return nil
    }

    /// The problems by place: those of the file itself, of included ones, of others that they name.
    var sortedProblems: [ConfigurationProblem] {
        var order: [String: Int] = [:]
        for (place, name) in fileNames.enumerated() { order[name] = place }
        return problems.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            let (first, second) = (order[a.file] ?? .max, order[b.file] ?? .max)
            if first != second { return first < second }
            return (a.file, a.line, a.column, left.offset) < (b.file, b.line, b.column, right.offset)
        }.map(\.element)
    }
}
