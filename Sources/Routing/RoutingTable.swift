public import DNSWire

/// What to do with a question.
public enum RoutingDecision: Sendable, Equatable, BitwiseCopyable {
    /// Ask the servers of this route.
    case forward(RouteID)
    /// Answer from what this server knows by itself.
    case local(LocalAnswer)
}

/// An answer that comes from no upstream server.
public struct LocalAnswer: Sendable, Equatable, BitwiseCopyable {
    public enum Content: Sendable, BitwiseCopyable {
        case nxDomain
        case noData
        /// 127.0.0.1 and ::1 (RFC 6761 §6.3).
        case loopback
        /// PTR to localhost.
        case loopbackPointer
    }

    public var content: Content
    /// The offset in QNAME of the zone's apex: the owner of SOA and NS.
    public var apexOffset: Int
    /// The label that is no cluster's name begins here; nil unless an unknown cluster was asked for.
    public var unknownClusterOffset: Int?
}

/// Finds the route of a name: longest suffix, reverse ranges, special-use names.
///
/// Immutable, shared by all workers.
public final class RoutingTable: Sendable {
    /// All routes; the default route first.
    public let routes: [Route]
    /// All servers that have a number, by it; also those of earlier tables.
    public let upstreams: [Upstream]
    /// How many connections each server may have, by its number: a server of several routes has the most that one
    /// of them allows.
    ///
    /// Made here and not by each worker, for which it would be a pause.
    public let connectionLimits: [UInt8]
    /// How often numbers of servers were given to others, up to this table.
    public let reassignedNumbers: Int
    /// Names of clusters for an error text, at most eight.
    public let knownClusters: String

    /// What a name in `suffixes` is when it is no cluster's zone.
    private enum LocalEntry {
        case patternParent
        /// An empty non-terminal between a cluster's zone and the pattern's parent.
        case emptyNonTerminal
        case absent
        case localhost
        case resolver
    }

    /// Values below the number of routes are routes, those above are places in `localEntries`.
    let suffixes: SuffixTable
    private let localEntries: [LocalEntry]
    private let patternParentLength: Int
    // The routes themselves are far apart in memory.
    private let cacheTags: [UInt32]
    /// A bit for each route.
    private let mappedRoutes: [UInt64]
    private let ipv4Clusters: PrefixMap
    private let ipv6Clusters: PrefixMap
    private let ipv4Special: PrefixMap
    private let ipv6Special: PrefixMap

    /// Builds the table.
    ///
    /// Zones and reverse prefixes must be distinct; of equal ones the first wins.
    ///
    /// - Parameters:
    ///   - addresses: those of servers that are given by name; one that has none is left out.
    ///   - directory: numbers servers and tags routes; the same for all tables of a server.
    ///   - now: milliseconds of a clock that never goes back, for the directory.
    public init(
        defaultServers: [ServerDefinition],
        defaultSettings: RouteSettings = RouteSettings(),
        clusters: [ClusterDefinition],
        patternParent: DomainName?,
        addresses: ServerAddresses = [:],
        directory: inout RoutingDirectory,
        now: UInt64 = 0
    ) {
        directory.beginTable(now: now)
        let root = DomainName()
        let identity = RouteIdentity(name: "", zone: root, clusterDomain: root, servers: defaultServers)
        var routes = [
            Route(
                name: "default",
                mapping: nil,
                bailiwick: root,
                servers: directory.servers(defaultServers, addresses),
                unresolvedName: defaultServers.firstUnresolved(addresses),
                cacheTag: directory.tag(of: identity),
                settings: defaultSettings
            )
        ]
        var names: [(name: DomainName, value: Int32)] = []
        var localEntries: [LocalEntry] = []
        // Routes and names are large: growing step by step would take their memory twice.
        routes.reserveCapacity(clusters.count + 1)
        names.reserveCapacity(clusters.count + SpecialUseNames.count + 1)
        for cluster in clusters {
            let mapping = NameMapping(zone: cluster.zone, clusterDomain: cluster.clusterDomain)
            names.append((cluster.zone, Int32(routes.count)))
            routes.append(
                Route(
                    name: cluster.name,
                    mapping: mapping.isIdentity ? nil : mapping,
                    bailiwick: cluster.clusterDomain,
                    servers: directory.servers(cluster.servers, addresses),
                    unresolvedName: cluster.servers.firstUnresolved(addresses),
                    cacheTag: directory.tag(of: RouteIdentity(cluster)),
                    settings: cluster.settings
                )
            )
        }
        func add(_ name: DomainName, _ entry: LocalEntry) {
            names.append((name, Int32(routes.count + localEntries.count)))
            localEntries.append(entry)
        }
        if let parent = patternParent {
            add(parent, .patternParent)
            for cluster in clusters {
                var name = cluster.zone.parent
                while let between = name, between.length > parent.length, between.isAtOrBelow(parent) {
                    add(between, .emptyNonTerminal)
                    name = between.parent
                }
            }
        }
        for text in SpecialUseNames.absent { DomainName(text).map { add($0, .absent) } }
        DomainName(SpecialUseNames.localhost).map { add($0, .localhost) }
        DomainName(SpecialUseNames.resolver).map { add($0, .resolver) }

        self.routes = routes
        self.localEntries = localEntries
        cacheTags = routes.map(\.cacheTag)
        mappedRoutes = Self.bits(routes.map { $0.mapping != nil })
        directory.endTable()
        upstreams = directory.upstreams
        reassignedNumbers = directory.reassignedNumbers
        connectionLimits = Self.connectionLimits(routes, servers: directory.upstreams.count)
        suffixes = SuffixTable(names)
        patternParentLength = patternParent?.length ?? 0
        knownClusters = Self.summary(clusters.map(\.name))
        let ranges = clusters.enumerated().flatMap { i, cluster in
            cluster.reverse.map { (prefix: $0, value: Int32(i + 1)) }
        }
        ipv4Clusters = PrefixMap(ranges.filter { $0.prefix.address.isIPv4 })
        ipv6Clusters = PrefixMap(ranges.filter { !$0.prefix.address.isIPv4 })
        ipv4Special = Self.specialRanges(SpecialUseNames.ipv4Ranges.map { (IPAddress(ipv4: $0.0), $0.1) })
        ipv6Special = Self.specialRanges(SpecialUseNames.ipv6Ranges.map { (IPAddress(ipv6: $0.0), $0.1) })
    }

    /// Builds a table that follows no other.
    public convenience init(
        defaultServers: [ServerDefinition],
        defaultSettings: RouteSettings = RouteSettings(),
        clusters: [ClusterDefinition],
        patternParent: DomainName?
    ) {
        var directory = RoutingDirectory()
        self.init(
            defaultServers: defaultServers,
            defaultSettings: defaultSettings,
            clusters: clusters,
            patternParent: patternParent,
            directory: &directory
        )
    }

    private static func connectionLimits(_ routes: [Route], servers: Int) -> [UInt8] {
        var limits = [UInt8](repeating: 1, count: servers)
        for route in routes {
            let limit = UInt8(clamping: route.settings.limits.connectionsPerServer)
            for upstream in route.upstreams {
                limits[Int(upstream.rawValue)] = max(limits[Int(upstream.rawValue)], limit)
            }
        }
        return limits
    }

    private static func bits(_ values: [Bool]) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: values.count / 64 + 1)
        for (i, value) in values.enumerated() where value { words[i / 64] |= 1 << UInt64(i % 64) }
        return words
    }

    private static func summary(_ names: [String]) -> String {
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }

    /// Values are the lengths of the prefixes, from which the apex of the local zone follows.
    private static func specialRanges(_ ranges: [(IPAddress, Int)]) -> PrefixMap {
        PrefixMap(
            ranges.compactMap { address, length in
                IPPrefix(address, length: length).map { ($0, Int32(length)) }
            }
        )
    }
}

// MARK: - Decision

extension RoutingTable {
    /// What keeps the route's cache entries apart from others'.
    public func cacheTag(_ route: RouteID) -> UInt32 { cacheTags[Int(route.rawValue)] }

    /// Whether the route's names go upstream changed.
    public func isMapped(_ route: RouteID) -> Bool {
        let i = Int(route.rawValue)
        return mappedRoutes[i / 64] >> UInt64(i % 64) & 1 != 0
    }

    /// Whether this is the domain of which each cluster has a part.
    func isPatternDomain(_ name: DomainName) -> Bool {
        guard name.length == patternParentLength,
            let found = suffixes.longestMatch(name.bytes, labelCount: name.labelCount), found.offset == 0,
            Int(found.value) >= routes.count
        else { return false }
        return localEntries[Int(found.value) - routes.count] == .patternParent
    }

    /// Decides about a question.
    ///
    /// `name` is QNAME in uncompressed wire form, letters folded.
    ///
    /// DS at the apex of a cluster's zone belongs to the parent (RFC 4035 §3.1.4.1) and is routed by it.
    public func decide(_ name: borrowing RawSpan, _ qtype: RecordType) -> RoutingDecision {
        let tail = NameTail(name)
        let found = suffixes.longestMatch(name, labelCount: tail.labelCount)
        if let isIPv4 = ReverseName.family(name, tail) { return decideReverse(name, isIPv4, found) }
        guard let found else { return .forward(.defaultRoute) }
        if let route = route(found) {
            return qtype == .ds && found.offset == 0 ? decideParent(name) : .forward(route)
        }
        switch localEntries[Int(found.value) - routes.count] {
        case .patternParent, .emptyNonTerminal: return decideBelowPattern(name, qtype, found)
        case .absent:
            let content: LocalAnswer.Content = found.offset == 0 ? .noData : .nxDomain
            return .local(LocalAnswer(content: content, apexOffset: found.offset))
        case .localhost: return .local(LocalAnswer(content: .loopback, apexOffset: found.offset))
        case .resolver: return .local(LocalAnswer(content: .noData, apexOffset: found.offset))
        }
    }

    /// The route of a cluster whose zone was found.
    private func route(_ found: SuffixTable.Match) -> RouteID? {
        Int(found.value) < routes.count ? RouteID(rawValue: found.value) : nil
    }

    private func decideParent(_ name: borrowing RawSpan) -> RoutingDecision {
        let labelLength = Int(name.uint8(at: 0)) + 1
        let parent = name.extracting(labelLength..<name.byteCount)
        let decision = decide(parent, .soa)
        guard case .local(var answer) = decision else { return decision }
        // The parent answers that there is no DS, whatever it would say of its own name.
        answer.content = .noData
        answer.apexOffset += labelLength
        answer.unknownClusterOffset = nil
        return .local(answer)
    }

    private func decideBelowPattern(
        _ name: borrowing RawSpan,
        _ qtype: RecordType,
        _ found: SuffixTable.Match
    ) -> RoutingDecision {
        let apex = name.byteCount - patternParentLength
        if apex == 0, qtype == .ds { return .forward(.defaultRoute) }
        if found.offset == 0 { return .local(LocalAnswer(content: .noData, apexOffset: apex)) }
        // The first label, from the right, that leads to no cluster.
        let labels = LabelStarts(name)
        var label = labels.count - 1
        while label > 0, labels[label] >= apex || suffixes.contains(name, from: labels[label]) { label -= 1 }
        let unknown = labels[label]
        return .local(LocalAnswer(content: .nxDomain, apexOffset: apex, unknownClusterOffset: unknown))
    }

    private func decideReverse(
        _ name: borrowing RawSpan,
        _ isIPv4: Bool,
        _ found: SuffixTable.Match?
    ) -> RoutingDecision {
        // A zone in the table may be a reverse zone: `10.in-addr.arpa` as a cluster's zone.
        if let found, let route = route(found) { return .forward(route) }
        let reverse = ReverseName(name, isIPv4: isIPv4)
        if let cluster = clusterRange(reverse) { return .forward(RouteID(rawValue: cluster)) }
        guard let length = specialRange(reverse) else { return .forward(.defaultRoute) }
        let bitsPerLabel = isIPv4 ? 8 : 4
        let apexLabels = (Int(length) + bitsPerLabel - 1) / bitsPerLabel
        let labels = LabelStarts(name)
        let apex = labels[labels.count - 2 - apexLabels]
        let isLoopback =
            reverse.low == reverse.high && labels.count == (isIPv4 ? 6 : 34)
            && reverse.low == (isIPv4 ? 0x7F00_0001 : 1)
        if isLoopback { return .local(LocalAnswer(content: .loopbackPointer, apexOffset: apex)) }
        // A label that is no part of an address stands for a name that nobody has.
        let isWhole = reverse.addressLabels == labels.count - 2
        let exists = apex == 0 || isWhole && hasClusters(reverse)
        return .local(LocalAnswer(content: exists ? .noData : .nxDomain, apexOffset: apex))
    }

    // A map chosen first and asked then would be copied, with reference counts.

    private func clusterRange(_ reverse: ReverseName) -> Int32? {
        reverse.isIPv4
            ? ipv4Clusters.value(from: reverse.low, to: reverse.high)
            : ipv6Clusters.value(from: reverse.low, to: reverse.high)
    }

    private func specialRange(_ reverse: ReverseName) -> Int32? {
        reverse.isIPv4
            ? ipv4Special.value(from: reverse.low, to: reverse.high)
            : ipv6Special.value(from: reverse.low, to: reverse.high)
    }

    private func hasClusters(_ reverse: ReverseName) -> Bool {
        reverse.isIPv4
            ? ipv4Clusters.hasValue(from: reverse.low, to: reverse.high)
            : ipv6Clusters.hasValue(from: reverse.low, to: reverse.high)
    }
}
