public import Routing

/// Reads configurations: YAML text in, validated values or every mistake out.
public enum ConfigurationLoader {
    /// Reads and validates a file.
    public static func load(path: String) throws(ConfigurationLoadError) -> ServerConfiguration {
        let octets: [UInt8]
        do throws(UnreadableFile) {
            octets = try ConfigurationFile.read(path, atMost: ConfigurationLimits.fileBytes)
        } catch {
            throw .unreadable(error)
        }
        do throws(ConfigurationError) {
            guard let text = String(validating: octets, as: UTF8.self) else {
                throw ConfigurationError(problems: [notUTF8(octets, file: path)])
            }
            return try parse(text, file: path)
        } catch {
            throw .invalid(error)
        }
    }

    /// Validates text.
    ///
    /// `file` is what problems call it; `readFile` gives the resolv.conf files that it names.
    public static func parse(
        _ text: String,
        file: String,
        readFile: (_ path: String) throws(UnreadableFile) -> String = readTextFile
    ) throws(ConfigurationError) -> ServerConfiguration {
        // A byte order mark would count as a column.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        return try withoutActuallyEscaping(readFile) { readFile throws(ConfigurationError) in
            let reader = ConfigurationReader(file: file, readFile: readFile)
            let document = YAMLDocument(text)
            for problem in document.problems { reader.report(problem.position, problem.message) }
            if let root = document.root, !root.isNull, let configuration = reader.read(root) {
                return configuration
            }
            if reader.problems.isEmpty {
                let start = Position(line: 1, column: 1)
                reader.report(start, "the file says nothing; write `{}` to mean the defaults")
            }
            throw ConfigurationError(problems: sorted(reader.problems, mainFile: file))
        }
    }

    /// What `serve` uses where no file exists: loopback, port 53, and the nameservers of `/etc/resolv.conf`.
    public static func builtInDefaults(
        readFile: (_ path: String) throws(UnreadableFile) -> String = readTextFile
    ) throws(ConfigurationError) -> ServerConfiguration {
        try parse("{}", file: "built-in defaults", readFile: readFile)
    }

    /// Reads the servers of the default route once more, because a file among `serverSources` may have changed.
    ///
    /// Throws what the reading at the start would have refused, with the places in that file.
    ///
    /// - Parameter warn: hears of lines that are passed over.
    public static func servers(
        of configuration: ServerConfiguration,
        warn: (ConfigurationProblem) -> Void = { _ in },
        readFile: (_ path: String) throws(UnreadableFile) -> String = readTextFile
    ) throws(ConfigurationError) -> [ServerDefinition] {
        try withoutActuallyEscaping(readFile) { readFile throws(ConfigurationError) in
            let start = Position(line: 1, column: 1)
            var servers: [ServerDefinition] = []
            var problems: [ConfigurationProblem] = []
            for source in configuration.serverSources {
                switch source {
                case .server(let server): servers.append(server)
                case .resolvConf(let path):
                    let reader = ConfigurationReader(file: path, readFile: readFile)
                    reader.listen = configuration.listen
                    servers += reader.nameservers(path, at: start, advice: "correct the file")
                    servers = ConfigurationReader.distinct(servers)
                    reader.limit(servers.count, at: start)
                    problems += reader.problems
                    for warning in reader.warnings { warn(warning) }
                }
            }
            guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
            return ConfigurationReader.distinct(servers)
        }
    }

    /// Reads a small text file such as `/etc/resolv.conf`; octets that are no UTF-8 are replaced.
    public static func readTextFile(_ path: String) throws(UnreadableFile) -> String {
        String(
            decoding: try ConfigurationFile.read(path, atMost: ConfigurationLimits.namedFileBytes),
            as: UTF8.self
        )
    }

    /// The problems by place, those of the file itself first.
    private static func sorted(_ problems: [ConfigurationProblem], mainFile: String) -> [ConfigurationProblem]
    {
        problems.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.file != b.file { return a.file == mainFile || b.file != mainFile && a.file < b.file }
            return (a.line, a.column, left.offset) < (b.line, b.column, right.offset)
        }.map(\.element)
    }
}

extension ConfigurationLoader {
    private static func notUTF8(_ octets: [UInt8], file: String) -> ConfigurationProblem {
        // The replacement characters of a repair begin where the first bad octet stands.
        var position = Position(line: 1, column: 1)
        var decoder = UTF8()
        var iterator = octets.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            position.column += 1
            if scalar == "\n" { position = Position(line: position.line + 1, column: 1) }
        }
        return ConfigurationProblem(
            file: file,
            line: position.line,
            column: position.column,
            message: "this is no UTF-8 text; save the file as UTF-8"
        )
    }
}
