import DNSWire
import Routing

/// Reads the nodes of one file into a configuration and collects everything that is wrong on the way.
///
/// Used by one thread, once, for one file and those that it includes.
final class ConfigurationReader {
    /// Gives the text of a file that the configuration names.
    typealias FileReader = (_ path: String) throws(UnreadableFile) -> String

    /// The parent of `zonePattern`, as far as known.
    enum Pattern {
        case absent
        /// Complained about already, so that clusters without a zone are not.
        case invalid
        case parent(DomainName)
    }

    let readFile: FileReader
    /// Reads the files that are included.
    let input: ConfigurationInput
    /// What problems call the files, by the number in positions.
    var fileNames: [String]
    /// What `include` names and is not there, which may be meant so.
    var warnings: [ConfigurationProblem] = []
    /// What is wrong, in no particular order.
    private(set) var problems: [ConfigurationProblem] = []
    /// What was read of `listen`, to refuse servers that are ourselves.
    var listen: [ListenAddress] = []
    /// What was read of `zonePattern`, before the clusters.
    var pattern = Pattern.absent
    /// The servers that are given by host name, with their places.
    var hostNames: [(name: DomainName, position: Position)] = []
    /// What is wrong with each file of certificates so far; nil when nothing is.
    var complaints: [String: String?] = [:]

    init(file: String, readFile: @escaping FileReader, input: ConfigurationInput? = nil) {
        self.readFile = readFile
        self.input = input ?? ConfigurationInput(mainFile: file)
        fileNames = [file]
    }

    /// Reads the top of the file; nil when there is a problem, in `problems`.
    func read(_ root: YAMLNode) -> ServerConfiguration? {
        let fields = fields(of: root, .root)
        listen = listenAddresses(fields["listen"])
        let workers = fields["workers"].flatMap { integer($0, "workers", in: ConfigurationLimits.workers) }
        let access = access(fields["access"])
        let upstream = defaultRoute(fields["upstream"], missingAt: root.position)
        pattern = zonePattern(fields["zonePattern"])
        let clusters = clusters(fields["clusters"], including: fields["include"])
        if let upstream { checkBootstrap(upstream) }
        let cache = cache(fields["cache"])
        let admin = admin(fields["admin"])
        let log = log(fields["log"])
        let queryLog = queryLog(fields["queryLog"], clusters: clusters.map(\.name))
        guard problems.isEmpty, let upstream else { return nil }
        var configuration = ServerConfiguration(
            listen: listen,
            workers: workers ?? 0,
            access: access,
            servers: upstream.servers,
            serverSources: upstream.sources,
            bootstrap: upstream.bootstrap,
            settings: upstream.settings,
            clusters: clusters,
            patternParent: patternParent,
            cache: cache,
            admin: admin,
            log: log,
            queryLog: queryLog
        )
        configuration.warnings = warnings
        return configuration
    }

    /// Notes a problem of this file, or of another that this one names.
    func report(_ position: Position, _ message: String, file: String? = nil) {
        problems.append(problem(position, message, file: file))
    }

    /// A problem, or something to warn of, in this file or an included one.
    func problem(_ position: Position, _ message: String, file: String? = nil) -> ConfigurationProblem {
        ConfigurationProblem(
            file: file ?? fileNames[position.file],
            line: position.line,
            column: position.column,
            message: message
        )
    }

    private var patternParent: DomainName? {
        if case .parent(let parent) = pattern { parent } else { nil }
    }
}

// MARK: - Sections

extension ConfigurationReader {
    private func access(_ node: YAMLNode?) -> AccessConfiguration {
        let fields = node.map { self.fields(of: $0, .access) } ?? Fields()
        let allow = fields["allow"].map { prefixes($0, "allow", allowsAddress: true, allowsEmpty: false) }
        let diagnostics = fields["diagnostics"].map {
            prefixes($0, "diagnostics", allowsAddress: true, allowsEmpty: true)
        }
        var access = AccessConfiguration(
            allow: allow.map { $0.map(\.prefix) } ?? AccessConfiguration.defaultAllow,
            diagnostics: diagnostics.map { $0.map(\.prefix) }
        )
        let waiting = fields["waitingPerClient"].flatMap {
            integer($0, "waitingPerClient", in: ConfigurationLimits.waitingPerClient)
        }
        access.waitingPerClient = waiting ?? access.waitingPerClient
        return access
    }

    private func cache(_ node: YAMLNode?) -> CacheConfiguration {
        var cache = CacheConfiguration()
        guard let node else { return cache }
        let fields = fields(of: node, .cache)
        if let size = fields["size"].flatMap(cacheSize) { cache.sizeBytes = size }
        let minTTL = fields["minTTL"].flatMap { ttl($0, "minTTL") }
        let maxTTL = fields["maxTTL"].flatMap { ttl($0, "maxTTL") }
        if let negativeTTL = fields["negativeTTL"].flatMap({ ttl($0, "negativeTTL") }) {
            cache.negativeTTLSeconds = negativeTTL
        }
        readStale(fields, into: &cache)
        cache.file = fields["file"].flatMap { cacheFile($0, cache) }
        cache.minTTLSeconds = minTTL ?? cache.minTTLSeconds
        cache.maxTTLSeconds = maxTTL ?? cache.maxTTLSeconds
        if cache.minTTLSeconds > cache.maxTTLSeconds, let place = fields["minTTL"] ?? fields["maxTTL"] {
            report(
                place.position,
                "`minTTL` (\(cache.minTTLSeconds)s) is above `maxTTL` (\(cache.maxTTLSeconds)s);"
                    + " lower the one or raise the other"
            )
        }
        return cache
    }

    private func cacheFile(_ node: YAMLNode, _ cache: CacheConfiguration) -> String? {
        guard let path = text(node, "file") else { return nil }
        guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0) else {
            report(node.position, "`file` must be the absolute path of a file, not \(quoted(path))")
            return nil
        }
        guard cache.sizeBytes > 0 else {
            report(node.position, "`file` keeps nothing without a cache; remove it or raise `size`")
            return nil
        }
        return path
    }

    private func readStale(_ fields: Fields, into cache: inout CacheConfiguration) {
        if let serveStale = fields["serveStale"].flatMap({ ttl($0, "serveStale") }) {
            cache.serveStaleSeconds = serveStale
        }
        let staleAfter = fields["staleAfter"].flatMap {
            duration($0, "staleAfter", in: ConfigurationLimits.staleAfterMilliseconds)
        }
        cache.staleAfterMilliseconds = staleAfter ?? cache.staleAfterMilliseconds
        if let prefetch = fields["prefetch"].flatMap({ boolean($0, "prefetch") }) {
            cache.prefetch = prefetch
        }
    }

    private func log(_ node: YAMLNode?) -> LogConfiguration {
        var log = LogConfiguration()
        guard let node else { return log }
        let fields = fields(of: node, .log)
        if let level: LogConfiguration.Level = fields["level"].flatMap({ choice($0, "level") }) {
            log.level = level
        }
        if let format: LogConfiguration.Format = fields["format"].flatMap({ choice($0, "format") }) {
            log.format = format
        }
        return log
    }
}
