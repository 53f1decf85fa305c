/// The mappings of a configuration file and the keys that each may have.
enum Section: CaseIterable {
    case root
    case access
    case upstream
    case cluster
    case included
    case server
    case probe
    case limits
    case tls
    case cache
    case admin
    case log
    case queryLog

    /// As messages name it.
    var label: String {
        switch self {
        case .root: "the top of the file"
        case .access: "`access`"
        case .upstream: "`upstream`"
        case .cluster: "a cluster"
        case .included: "an included file"
        case .server: "a server"
        case .probe: "`probe`"
        case .limits: "`limits`"
        case .tls: "`tls`"
        case .cache: "`cache`"
        case .admin: "`admin`"
        case .log: "`log`"
        case .queryLog: "`queryLog`"
        }
    }

    /// The keys that this version reads, in the order of the documentation.
    var keys: [String] {
        switch self {
        case .root:
            [
                "listen", "workers", "access", "upstream", "clusters", "include", "zonePattern", "cache",
                "admin",
                "log",
                "queryLog",
            ]
        case .access: ["allow", "diagnostics", "waitingPerClient"]
        case .upstream: ["servers", "policy", "hedge", "probe", "limits", "tls", "bootstrap"]
        case .cluster:
            [
                "name", "zone", "clusterDomain", "servers", "policy", "hedge", "probe", "limits", "tls",
                "reverse",
            ]
        case .included: ["clusters"]
        case .server: ["address", "weight"]
        case .probe: ["name", "type", "interval", "idle", "fall", "rise"]
        case .limits: ["pending", "connections", "retries"]
        case .tls: ["ca"]
        case .cache:
            ["size", "minTTL", "maxTTL", "negativeTTL", "serveStale", "staleAfter", "prefetch", "file"]
        case .admin: ["listen", "controlSocket", "ready"]
        case .log: ["level", "format"]
        case .queryLog: ["file", "socket", "format", "only", "slow", "sample", "clusters", "hashNames"]
        }
    }

    /// The sections that have a key.
    static func having(_ key: String) -> [Section] {
        allCases.filter { $0.keys.contains(key) }
    }
}
