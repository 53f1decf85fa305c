public import DNSWire
public import Routing

/// Everything that the server is told by its configuration file, validated.
///
/// Immutable once read.
public struct ServerConfiguration: Sendable {
    /// The addresses to listen on, each with UDP and TCP.
    ///
    /// Never empty.
    public var listen: [ListenAddress]
    /// Worker threads; 0 means one per core.
    public var workers: Int
    public var access: AccessConfiguration
    /// The servers of the default route, `/etc/resolv.conf` and the like already read.
    ///
    /// Never empty.
    public var servers: [ServerDefinition]
    /// What `servers` was read of, files by their path.
    public var serverSources: [ServerSource]
    /// Servers that resolve the host names of others; empty means those of `servers` whose address is known.
    public var bootstrap: [Upstream]
    /// How the servers of the default route are used.
    public var settings: RouteSettings
    public var clusters: [ClusterDefinition]
    /// The parent of the zone pattern, `k8s.corp` for `{cluster}.k8s.corp`; nil without a pattern.
    public var patternParent: DomainName?
    public var cache: CacheConfiguration
    public var admin: AdminConfiguration
    public var log: LogConfiguration
    /// Nil when queries are not logged.
    public var queryLog: QueryLogConfiguration?
    /// What was passed over in files that are not ours, with its places.
    public var warnings: [ConfigurationProblem] = []

    public init(
        listen: [ListenAddress],
        workers: Int,
        access: AccessConfiguration,
        servers: [ServerDefinition],
        serverSources: [ServerSource]? = nil,
        bootstrap: [Upstream] = [],
        settings: RouteSettings = RouteSettings(),
        clusters: [ClusterDefinition],
        patternParent: DomainName?,
        cache: CacheConfiguration,
        admin: AdminConfiguration = AdminConfiguration(),
        log: LogConfiguration,
        queryLog: QueryLogConfiguration? = nil
    ) {
        self.listen = listen
        self.workers = workers
        self.access = access
        self.servers = servers
        self.serverSources = serverSources ?? servers.map(ServerSource.server)
        self.bootstrap = bootstrap
        self.settings = settings
        self.clusters = clusters
        self.patternParent = patternParent
        self.cache = cache
        self.admin = admin
        self.log = log
        self.queryLog = queryLog
    }

    /// The files of nameservers that `servers` was read of.
    public var resolvConfFiles: [String] {
        serverSources.compactMap { if case .resolvConf(let path) = $0 { path } else { nil } }
    }
}

/// An address and port to listen on.
public struct ListenAddress: Hashable, Sendable {
    public var address: IPAddress
    public var port: UInt16

    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// Who may ask.
public struct AccessConfiguration: Sendable {
    /// Clients that get answers; all others get REFUSED.
    public var allow: [IPPrefix]
    /// Clients that get answers of class CH; nil means loopback and the host's own addresses.
    public var diagnostics: [IPPrefix]?
    /// Queries of one client address that may wait for an answer at once, in each worker.
    public var waitingPerClient: Int

    public init(allow: [IPPrefix], diagnostics: [IPPrefix]?, waitingPerClient: Int = 1000) {
        self.allow = allow
        self.diagnostics = diagnostics
        self.waitingPerClient = waitingPerClient
    }

    /// Loopback, private and link-local ranges (RFC 1918, RFC 4193, RFC 3927, RFC 4291 §2.5.6, RFC 6598).
    public static let defaultAllow: [IPPrefix] =
        [
            (0x7F00_0000, 8), (0x0A00_0000, 8), (0xAC10_0000, 12), (0xC0A8_0000, 16), (0xA9FE_0000, 16),
            (0x6440_0000, 10),
        ].compactMap { IPPrefix(IPAddress(ipv4: $0.0), length: $0.1) }
        + [(UInt128(1), 128), (UInt128(0xFC) << 120, 7), (UInt128(0xFE80) << 112, 10)]
        .compactMap { IPPrefix(IPAddress(ipv6: $0.0), length: $0.1) }
}

/// The answer cache.
public struct CacheConfiguration: Sendable, Equatable {
    /// Octets that answers may take; 0 keeps none.
    public var sizeBytes: Int
    public var minTTLSeconds: UInt32
    public var maxTTLSeconds: UInt32
    /// The longest time that a negative answer is kept (RFC 2308 §5).
    public var negativeTTLSeconds: UInt32
    /// Seconds past its end for which an answer may be given when there is no better (RFC 8767); 0 means never.
    public var serveStaleSeconds: UInt32
    /// Milliseconds that a client waits for a better answer before it gets that one.
    public var staleAfterMilliseconds: UInt64
    /// Whether popular answers are asked for anew before they expire.
    public var prefetch: Bool
    /// The path of the file that keeps the cache over restarts; nil keeps it in none.
    public var file: String?

    public init(
        sizeBytes: Int = 64 << 20,
        minTTLSeconds: UInt32 = 0,
        maxTTLSeconds: UInt32 = 3600,
        negativeTTLSeconds: UInt32 = 5,
        serveStaleSeconds: UInt32 = 3600,
        staleAfterMilliseconds: UInt64 = 500,
        prefetch: Bool = true,
        file: String? = nil
    ) {
        self.sizeBytes = sizeBytes
        self.minTTLSeconds = minTTLSeconds
        self.maxTTLSeconds = maxTTLSeconds
        self.negativeTTLSeconds = negativeTTLSeconds
        self.serveStaleSeconds = serveStaleSeconds
        self.staleAfterMilliseconds = staleAfterMilliseconds
        self.prefetch = prefetch
        self.file = file
    }
}

/// What is logged, to standard error.
public struct LogConfiguration: Sendable, Equatable {
    public enum Level: String, Sendable, CaseIterable {
        case debug
        case info
        case warning
        case error
    }

    public enum Format: String, Sendable, CaseIterable {
        case text
        case json
    }

    public var level: Level
    public var format: Format

    public init(level: Level = .info, format: Format = .text) {
        self.level = level
        self.format = format
    }
}

/// One mistake in a configuration, in the form `file:line:column: sentence`.
public struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    /// Counted from 1.
    public var line: Int
    /// Counted from 1.
    public var column: Int
    /// What is wrong and what to do, one sentence.
    public var message: String

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "\(file):\(line):\(column): \(message)" }
}
