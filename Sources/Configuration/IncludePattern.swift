/// An entry of `include`: a file, or those of a directory whose names match.
struct IncludePattern {
    /// The directory, as far as it is written, with the `/` at its end; empty means the current one.
    let directory: String
    /// The name of a file, or what names have to match.
    let name: String

    /// Reads an entry, relative to the directory of `mainFile`; nil when it has wildcards in a directory.
    init?(_ text: String, of mainFile: String) {
        let path = text.hasPrefix("/") ? text : Self.directory(of: mainFile) + text
        let written = Self.directory(of: text)
        guard !Self.hasWildcards(written) else { return nil }
        directory = Self.directory(of: path)
        name = String(path.dropFirst(directory.count))
    }

    /// Whether it stands for any number of files.
    var isPattern: Bool { Self.hasWildcards(name) }
    /// The path, which need not be a file's.
    var path: String { directory + name }

    private static func hasWildcards(_ text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(path[...slash])
    }
}
