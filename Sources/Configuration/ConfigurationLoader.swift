public import Routing

/// Reads configurations: YAML text in, validated values or every mistake out.
public enum ConfigurationLoader {
    /// Reads and validates a file, and those that it includes.
    public static func load(path: String) throws(ConfigurationLoadError) -> ServerConfiguration {
        try read(path: path).result.get().configuration
    }

    /// Validates text.
    ///
    /// `file` is what problems call it; `readFile` gives the resolv.conf files that it names.
    public static func parse(
        _ text: String,
        file: String,
        readFile: (_ path: String) throws(UnreadableFile) -> String = readTextFile
    ) throws(ConfigurationError) -> ServerConfiguration {
        try withoutActuallyEscaping(readFile) { readFile throws(ConfigurationError) in
            let reader = ConfigurationReader(file: file, readFile: readFile)
            return try reader.read(text)
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
            let start = Position.start()
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
}
