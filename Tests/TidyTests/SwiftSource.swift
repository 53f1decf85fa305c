/// A Swift file whose lines are split into code and comments.
struct SwiftSource: Sendable {
    let path: String
    /// Lines without comments and without the contents of strings.
    let code: [Substring]
    /// Lines as they are.
    let lines: [Substring]

    init?(_ path: String) {
        guard let text = Project.text(path) else { return nil }
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = Self.code(of: text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The files of all targets; read once.
    static let all = targetFiles.filter { $0.hasSuffix(".swift") }.compactMap(SwiftSource.init)

    /// The paths of the files of all targets but tests.
    static let targetFiles = targetFolders.flatMap { Project.files(below: $0) }

    /// Folders that have a folder for each of their targets.
    private static let targetFolders = ["Sources", "benchmarks/packetpath", "benchmarks/chaos"]

    /// The target that a file belongs to; nil for one that lies beside the targets.
    static func target(ofFile path: String) -> Substring? {
        for folder in targetFolders where path.hasPrefix("\(folder)/") {
            let rest = path.dropFirst(folder.count + 1).split(separator: "/")
            return rest.count > 1 ? rest[0] : nil
        }
        return nil
    }

    /// The target that the file belongs to.
    var target: Substring { Self.target(ofFile: path) ?? "" }

    /// Where something is, as compilers say it.
    func place(_ line: Int) -> String { "\(path):\(line + 1)" }

    /// The modules that the file imports.
    var imports: [Substring] {
        code.compactMap { line in
            line.firstMatch(of: /^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:struct\s+|func\s+)?(\w+)/)?.1
        }
    }

    // MARK: - Lexing

    private enum Part {
        case code
        /// Inside `\( )`, with the number of open parentheses.
        case interpolation(Int)
        case string(quotes: Int)
        case comment
    }

    /// The text with comments and the contents of strings removed; interpolated code stays.
    static func code(of text: String) -> String {
        let quote = UInt8(ascii: "\"")
        let text = Array(text.utf8)
        var parts: [Part] = [.code]
        var code: [UInt8] = []
        var i = 0
        func has(_ sign: Unicode.Scalar, at index: Int) -> Bool {
            index < text.count && text[index] == UInt8(ascii: sign)
        }
        while i < text.count {
            defer { i += 1 }
            if has("\n", at: i) { code.append(text[i]) }
            switch parts[parts.count - 1] {
            case .comment:
                if has("\n", at: i) { parts.removeLast() }
            case .string(let quotes):
                if has("\\", at: i) {
                    i += 1
                    if has("(", at: i) { parts.append(.interpolation(1)) }
                } else if (0..<quotes).allSatisfy({ has("\"", at: i + $0) }) {
                    parts.removeLast()
                    i += quotes - 1
                    code.append(quote)
                }
            case .code, .interpolation:
                if has("/", at: i), has("/", at: i + 1) {
                    parts.append(.comment)
                } else if has("\"", at: i) {
                    let quotes = has("\"", at: i + 1) && has("\"", at: i + 2) ? 3 : 1
                    parts.append(.string(quotes: quotes))
                    i += quotes - 1
                    code.append(quote)
                } else if !closesInterpolation(text[i], &parts), !has("\n", at: i) {
                    code.append(text[i])
                }
            }
        }
        return String(decoding: code, as: UTF8.self)
    }

    /// Counts parentheses of interpolated code; true for the one that ends it.
    private static func closesInterpolation(_ octet: UInt8, _ parts: inout [Part]) -> Bool {
        guard case .interpolation(let depth) = parts[parts.count - 1] else { return false }
        let change = octet == UInt8(ascii: "(") ? 1 : octet == UInt8(ascii: ")") ? -1 : 0
        if depth + change == 0 {
            parts.removeLast()
        } else {
            parts[parts.count - 1] = .interpolation(depth + change)
        }
        return depth + change == 0
    }
}
