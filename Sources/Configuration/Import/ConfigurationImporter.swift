/// Turns configurations of other resolvers into ours.
public enum ConfigurationImporter {
    /// Reads a file; `-` is standard input.
    public static func load(path: String, as format: ImportFormat) throws(UnreadableFile) -> ImportResult {
        let isStandardInput = path == "-"
        let octets = try ConfigurationFile.read(
            isStandardInput ? "/dev/stdin" : path,
            atMost: ConfigurationLimits.importBytes
        )
        // Octets that are no UTF-8 are replaced, and end up in what is not understood.
        let text = String(decoding: octets, as: UTF8.self)
        return read(text, file: isStandardInput ? "standard input" : path, as: format)
    }

    /// Reads text; `file` is what notes call it.
    public static func read(_ text: String, file: String, as format: ImportFormat) -> ImportResult {
        var notes = ImportNotes(file: file)
        var draft =
            switch format {
            case .dnsmasq: DnsmasqImport.read(text, &notes)
            case .corefile: CorefileImport.read(text, &notes)
            case .stubdomains: StubDomainsImport.read(text, &notes)
            }
        let body = draft.settle(&notes)
        let header =
            "# Made of \(quoted(file)) by switchyard import \(format.rawValue); see what it left out.\n"
        return ImportResult(text: header + body, notes: notes.sorted)
    }
}
