import DNSWire
import PresentationFormat

/// Reads the ConfigMap of kube-dns.
struct StubDomainsImport {
    private var notes: ImportNotes
    private var draft = ImportDraft()
    private var domains = ImportedDomains()
    private let lines: [Substring.UnicodeScalarView]

    /// Makes a draft of the text of a file.
    static func read(_ text: String, _ notes: inout ImportNotes) -> ImportDraft {
        var reader = StubDomainsImport(text, notes)
        reader.read(text)
        reader.draft.clusters = reader.domains.clusters()
        notes = reader.notes
        return reader.draft
    }

    private init(_ text: String, _ notes: ImportNotes) {
        self.notes = notes
        lines = text[...].unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private mutating func read(_ text: String) {
        guard let root = parsed(text, before: 0) else { return }
        guard let data = entries(root, 0)?.first(where: { $0.key == "data" })?.value,
            let settings = entries(data, 0)
        else {
            notes.add(root.position.line, "there is no mapping `data`; write a ConfigMap as YAML or JSON")
            return
        }
        for entry in settings {
            switch entry.key {
            case "stubDomains": readDomains(entry.value)
            case "upstreamNameservers": readUpstream(entry.value)
            default:
                notes.add(
                    entry.position.line,
                    "\(quoted(entry.key)) is no setting that is known here; it is left out"
                )
            }
        }
    }

    // MARK: - Settings

    private mutating func readDomains(_ node: YAMLNode) {
        guard let (inner, line) = inner(node), let entries = entries(inner, line) else { return }
        for entry in entries {
            let entryLine = line + entry.position.line
            guard let servers = texts(entry.value, line), let domain = domain(entry.key, entryLine) else {
                continue
            }
            if servers.isEmpty { notes.add(entryLine, "\(quoted(entry.key)) has no servers; it is left out") }
            for server in servers { domains.add(server, for: domain) }
        }
    }

    private mutating func readUpstream(_ node: YAMLNode) {
        guard let (inner, line) = inner(node), let servers = texts(inner, line) else { return }
        for server in servers { draft.upstream.add(server: server) }
    }

    private mutating func domain(_ text: String, _ line: Int) -> DomainName? {
        do throws(PresentationError) {
            let domain = try DomainName(presentation: text)
            if !domain.isRoot { return domain }
            notes.add(
                line,
                "left out: the root is no stub domain; write its servers as `upstreamNameservers`"
            )
        } catch {
            notes.add(line, "left out: \(error.message)")
        }
        return nil
    }

    // MARK: - JSON in YAML

    /// The JSON that a value holds, and how many lines of the file are in front of it.
    private mutating func inner(_ node: YAMLNode) -> (YAMLNode, Int)? {
        guard case .scalar(let text, _) = node.content else { return (node, 0) }
        let start = node.position
        // The text of a block begins on the line behind its sign.
        let line = lines.dropFirst(start.line - 1).first ?? Substring.UnicodeScalarView()
        let sign = line.dropFirst(start.column - 1).first
        let before = sign == "|" || sign == ">" ? start.line : start.line - 1
        return parsed(text, before: before).map { ($0, before) }
    }

    /// JSON is YAML in its flow style.
    private mutating func parsed(_ text: String, before: Int) -> YAMLNode? {
        let document = YAMLDocument(text)
        for problem in document.problems { notes.add(before + problem.position.line, problem.message) }
        if document.root == nil, document.problems.isEmpty { notes.add(before + 1, "there is nothing here") }
        return document.root
    }

    private mutating func entries(_ node: YAMLNode, _ before: Int) -> [YAMLEntry]? {
        if case .mapping(let entries) = node.content { return entries }
        notes.add(before + node.position.line, "this must be a mapping, not \(node.kind); it is left out")
        return nil
    }

    private mutating func texts(_ node: YAMLNode, _ before: Int) -> [DraftValue]? {
        guard case .list(let elements) = node.content else {
            notes.add(
                before + node.position.line,
                "this must be a list of servers, not \(node.kind); it is left out"
            )
            return nil
        }
        return elements.compactMap { element in
            if case .scalar(let text, _) = element.content {
                return DraftValue(text, before + element.position.line)
            }
            notes.add(before + element.position.line, "this is no server but \(element.kind); it is left out")
            return nil
        }
    }
}
