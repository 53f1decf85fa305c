public import DNSWire
public import Routing

/// What would become of a question now, and why: found out without asking anybody and without changing anything.
public struct Explanation: Sendable {
    /// A server of the route, and what is known of it.
    public struct Server: Sendable {
        public var upstream: Upstream
        /// Nil when nothing runs that could know.
        public var health: HealthReport?

        /// Address, transport and state.
        public var text: String {
            "\(upstream) over \(upstream.transport.text): \(health?.text(of: upstream) ?? "nothing is running")"
        }
    }

    /// What a cache has for the question.
    public struct Cached: Sendable {
        public enum Kind: String, Sendable {
            case fresh
            /// NXDOMAIN or NODATA.
            case negative
            /// Past its end.
            case stale
            /// A failure that is remembered.
            case failure
        }

        public var kind: Kind
        public var responseCode: ResponseCode
        /// Records of the answer section.
        public var records: Int
        /// Seconds since it was stored.
        public var ageSeconds: UInt32
        /// Seconds until it expires; 0 past that.
        public var secondsLeft: UInt32
        /// Seconds for which it may still be given past its end.
        public var staleSecondsLeft: UInt32
        /// How often it was asked for lately; counted up to 3.
        public var uses: Int
        /// Whether this is what clients get that ask for DNSSEC records.
        public var dnssecOK: Bool
        public var checkingDisabled: Bool
        /// What is said of a failure.
        public var failure: String?
    }

    /// The question, folded.
    public var qname: DomainName
    public var qtype: RecordType
    /// `cluster east`, `default route` or `answered here`.
    public var route: String
    public var cluster: String?
    /// Why it is that route.
    public var reason: String
    /// The name that the route's servers are asked for; nil when nobody is asked.
    public var upstreamName: DomainName?
    public var policy: RouteSettings.Policy?
    public var isDrained = false
    /// The first server's name that has no address yet.
    public var unresolvedName: String?
    /// In the order in which they would be asked.
    public var servers: [Server] = []
    public var cached: [Cached] = []
    /// What would be done.
    public var action = ""
}

// MARK: - For people

extension Explanation {
    /// The facts, a line each.
    public var lines: [String] {
        var lines = ["question: \(qname.escaped) \(qtype.mnemonic)", "route: \(route), \(reason)"]
        if isDrained { lines.append("drained: no question is sent to its servers") }
        if let upstreamName { lines.append("asked as: \(upstreamName.escaped) \(qtype.mnemonic)") }
        if let policy, servers.count > 1 { lines.append("policy: \(policy.rawValue)") }
        for (place, server) in servers.enumerated() { lines.append("server \(place + 1): \(server.text)") }
        if let unresolvedName { lines.append("server: \(unresolvedName) is not resolved yet") }
        if upstreamName != nil, cached.isEmpty { lines.append("cache: nothing") }
        for entry in cached { lines.append("cache: \(entry.text)") }
        return lines + ["then: \(action)"]
    }
}

extension Explanation.Cached {
    /// The entry in a few words.
    public var text: String {
        let stored = "stored \(ageSeconds) s ago"
        if let failure { return "SERVFAIL, \(stored), \(secondsLeft) s left: \(failure)" }
        var text = "\(contents), \(stored), "
        text += kind == .stale ? "expired, stale for \(staleSecondsLeft) s more" : "\(secondsLeft) s left"
        if uses > 0 { text += ", asked for \(uses < 3 ? "\(uses)" : "3 or more") times since" }
        if dnssecOK { text += ", with DO" }
        if checkingDisabled { text += ", with CD" }
        return text
    }

    private var contents: String {
        if responseCode != .noError { return responseCode.name }
        return records == 0 ? "no data" : "\(records) record\(records == 1 ? "" : "s")"
    }
}

extension UpstreamTransport {
    /// `UDP`, `TCP` or `TLS`.
    public var text: String {
        switch self {
        case .udp: "UDP"
        case .tcp: "TCP"
        case .tls: "TLS"
        }
    }
}

extension RouteReason {
    /// The reason as part of a sentence.
    var text: String {
        switch self {
        case .zone(let zone): "the longest zone of the name is \(zone.escaped)"
        case .reverseRange: "the addresses of the reverse name are in its ranges"
        case .parent(let zone): "DS of \(zone.escaped) belongs to the parent"
        case .noZone: "no cluster has the name"
        case .patternDomain(let domain): "no cluster has the name below \(domain.escaped)"
        case .specialUse(let domain): "\(domain.escaped) is a name of special use"
        }
    }
}
