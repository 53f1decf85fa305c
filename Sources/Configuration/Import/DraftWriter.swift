/// Writes a draft as YAML, and remembers where each value stands.
struct DraftWriter {
    private(set) var text = ""
    private var position = Position(line: 1, column: 1)
    private var places: [(position: Position, value: DraftValue)] = []

    init(_ draft: ImportDraft) {
        writeList("listen", draft.listen, indent: "")
        if !draft.allow.isEmpty { writeLine("access:") }
        writeList("allow", draft.allow, indent: "  ")
        if !draft.upstream.isEmpty {
            writeLine("upstream:")
            write(draft.upstream, indent: "  ")
        }
        if !draft.clusters.isEmpty { writeLine("clusters:") }
        for cluster in draft.clusters { write(cluster) }
        if !draft.cache.isEmpty { writeLine("cache:") }
        for (key, value) in draft.cache { writeValue(key, value, indent: "  ") }
        if let address = draft.adminListen {
            writeLine("admin:")
            writeValue("listen", address, indent: "  ")
        }
        if text.isEmpty { writeLine("{}") }
    }

    /// The value that stands at a place, or is the last in front of it, or the first; nil where there is none.
    func value(at position: Position) -> DraftValue? {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].position <= position { low = middle + 1 } else { high = middle }
        }
        return places.isEmpty ? nil : places[max(low - 1, 0)].value
    }

    private mutating func write(_ cluster: DraftCluster) {
        writeLine("  - name: \(DraftValue(cluster.name, cluster.zone.line).yaml)")
        let indent = "    "
        writeValue("zone", cluster.zone, indent: indent)
        writeValue("clusterDomain", cluster.clusterDomain, indent: indent)
        write(cluster.route, indent: indent)
        writeList("reverse", cluster.reverse, indent: indent)
    }

    private mutating func write(_ route: DraftRoute, indent: String) {
        writeList("servers", route.servers, indent: indent)
        var sections: [String] = []
        for setting in route.settings {
            guard let section = setting.section else {
                writeValue(setting.key, setting.value, indent: indent)
                continue
            }
            guard !sections.contains(section) else { continue }
            sections.append(section)
            writeMapping(section, route.settings.filter { $0.section == section }, indent: indent)
        }
    }

    private mutating func writeMapping(_ key: String, _ settings: [DraftRoute.Setting], indent: String) {
        write("\(indent)\(key): {")
        for (i, setting) in settings.enumerated() {
            write("\(i > 0 ? ", " : "")\(setting.key): ")
            write(setting.value)
        }
        writeLine("}")
    }

    /// Writes a list on one line, or each value on its own where there are many.
    private mutating func writeList(_ key: String, _ values: [DraftValue], indent: String) {
        guard !values.isEmpty else { return }
        guard values.count <= Self.valuesPerLine else {
            writeLine("\(indent)\(key):")
            for value in values {
                write("\(indent)  - ")
                write(value)
                endLine()
            }
            return
        }
        write("\(indent)\(key): [")
        for (i, value) in values.enumerated() {
            if i > 0 { write(", ") }
            write(value)
        }
        writeLine("]")
    }

    private static let valuesPerLine = 4

    private mutating func writeValue(_ key: String, _ value: DraftValue, indent: String) {
        write("\(indent)\(key): ")
        write(value)
        endLine()
    }

    private mutating func write(_ value: DraftValue) {
        places.append((position, value))
        write(value.yaml)
    }

    private mutating func writeLine(_ line: String) {
        write(line)
        endLine()
    }

    /// Adds characters of ASCII.
    private mutating func write(_ part: String) {
        text += part
        position.column += part.utf8.count
    }

    private mutating func endLine() {
        text += "\n"
        position = Position(line: position.line + 1, column: 1)
    }
}
