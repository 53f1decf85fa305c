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
    /// All servers of all routes, each once.
    public let upstreams: [Upstream]
    /// Names of clusters for an error text, at most eight.
    public let knownClusters: String

    private enum Entry {
        case cluster(RouteID)
        case patternParent
        /// An empty non-terminal between a cluster's zone and the pattern's parent.
        case emptyNonTerminal
        case absent
        case localhost
        case resolver
    }

    private let entries: [Entry]
    private let suffixes: SuffixTable
    private let patternParentLength: Int
    private let ipv4Clusters: PrefixMap
    private let ipv6Clusters: PrefixMap
    private let ipv4Special: PrefixMap
    private let ipv6Special: PrefixMap

    /// Builds the table.
    ///
    /// Zones and reverse prefixes must be distinct; of equal ones the first wins.
    ///
    /// - Parameter firstCacheTag: routes get this and the following tags, which no other table in use may have.
    public init(
        defaultUpstreams: [Upstream],
        clusters: [ClusterDefinition],
        patternParent: DomainName?,
        firstCacheTag: UInt32 = 1
    ) {
        var registry = UpstreamRegistry()
        var routes = [
            Route(
                name: "default",
                mapping: nil,
                bailiwick: DomainName(),
                upstreams: defaultUpstreams.map { registry.identify($0) },
                cacheTag: firstCacheTag
            )
        ]
        var entries: [Entry] = []
        var names: [(name: DomainName, value: Int32)] = []
        func add(_ name: DomainName, _ entry: Entry) {
            names.append((name, Int32(entries.count)))
            entries.append(entry)
        }
        for cluster in clusters {
            let mapping = NameMapping(zone: cluster.zone, clusterDomain: cluster.clusterDomain)
            add(cluster.zone, .cluster(RouteID(rawValue: Int32(routes.count))))
            routes.append(
                Route(
                    name: cluster.name,
                    mapping: mapping.isIdentity ? nil : mapping,
                    bailiwick: cluster.clusterDomain,
                    upstreams: cluster.upstreams.map { registry.identify($0) },
                    cacheTag: firstCacheTag + UInt32(routes.count)
                )
            )
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
        self.entries = entries
        upstreams = registry.upstreams
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
    public func cacheTag(_ route: RouteID) -> UInt32 { routes[Int(route.rawValue)].cacheTag }

    /// Whether the route's names go upstream changed.
    public func isMapped(_ route: RouteID) -> Bool { routes[Int(route.rawValue)].mapping != nil }

    /// Decides about a question.
    ///
    /// `name` is QNAME in uncompressed wire form, letters folded.
    ///
    /// DS at the apex of a cluster's zone belongs to the parent (RFC 4035 §3.1.4.1) and is routed by it.
    public func decide(_ name: borrowing RawSpan, _ qtype: RecordType) -> RoutingDecision {
        let labels = LabelStarts(name)
        if let reverse = ReverseName(name, labelStarts: labels) {
            return decide(reverse, name, labels)
        }
        guard let found = suffixes.longestMatch(name, labels) else { return .forward(.defaultRoute) }
        switch entries[Int(found)] {
        case .cluster(let route):
            let isApex = name.byteCount == zoneLength(route)
            return isApex && qtype == .ds ? decideParent(name) : .forward(route)
        case .patternParent, .emptyNonTerminal:
            return decideBelowPattern(name, labels, qtype, found)
        case .absent:
            return specialUse(name, labels, found)
        case .localhost:
            let apex = labels[labels.count - 1]
            return .local(LocalAnswer(content: .loopback, apexOffset: apex))
        case .resolver:
            return .local(LocalAnswer(content: .noData, apexOffset: labels[labels.count - 2]))
        }
    }

    private func zoneLength(_ route: RouteID) -> Int {
        let route = routes[Int(route.rawValue)]
        return (route.mapping?.zone ?? route.bailiwick).length
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
        _ labels: LabelStarts,
        _ qtype: RecordType,
        _ entry: Int32
    ) -> RoutingDecision {
        let apex = name.byteCount - patternParentLength
        if apex == 0, qtype == .ds { return .forward(.defaultRoute) }
        if isExact(name, entry) {
            return .local(LocalAnswer(content: .noData, apexOffset: apex))
        }
        var label = labels.count - 1
        while label > 0, labels[label] >= apex { label -= 1 }
        if case .emptyNonTerminal = entries[Int(entry)] {
            // A cluster's name may have two labels: what is unknown stands left of the empty non-terminal.
            while label > 0 {
                let isFound = isExact(name.extracting(labels[label]..<name.byteCount), entry)
                label -= 1
                if isFound { break }
            }
        }
        return .local(
            LocalAnswer(content: .nxDomain, apexOffset: apex, unknownClusterOffset: labels[label])
        )
    }

    /// Whether `name` is itself the entry that was found, and not below it.
    private func isExact(_ name: borrowing RawSpan, _ entry: Int32) -> Bool {
        guard name.byteCount > 1 else { return true }
        let labelLength = Int(name.uint8(at: 0)) + 1
        let parent = name.extracting(labelLength..<name.byteCount)
        return suffixes.longestMatch(parent, LabelStarts(parent)) != entry
    }

    private func specialUse(
        _ name: borrowing RawSpan,
        _ labels: LabelStarts,
        _ entry: Int32
    ) -> RoutingDecision {
        if isExact(name, entry) { return .local(LocalAnswer(content: .noData, apexOffset: 0)) }
        // The apex is one label from the right, or two for home.arpa.
        let top = labels[labels.count - 1]
        let isArpa = name.uint8(at: top + 1) == UInt8(ascii: "a") && name.uint8(at: top) == 4
        let apex = isArpa ? labels[labels.count - 2] : top
        return .local(LocalAnswer(content: .nxDomain, apexOffset: apex))
    }

    private func decide(
        _ reverse: ReverseName,
        _ name: borrowing RawSpan,
        _ labels: LabelStarts
    ) -> RoutingDecision {
        // A zone in the table may be a reverse zone: `10.in-addr.arpa` as a cluster's zone.
        if let found = suffixes.longestMatch(name, labels), case .cluster(let route) = entries[Int(found)] {
            return .forward(route)
        }
        let clusters = reverse.isIPv4 ? ipv4Clusters : ipv6Clusters
        if let cluster = clusters.value(from: reverse.low, to: reverse.high) {
            return .forward(RouteID(rawValue: cluster))
        }
        let special = reverse.isIPv4 ? ipv4Special : ipv6Special
        guard let length = special.value(from: reverse.low, to: reverse.high) else {
            return .forward(.defaultRoute)
        }
        let bitsPerLabel = reverse.isIPv4 ? 8 : 4
        let apexLabels = (Int(length) + bitsPerLabel - 1) / bitsPerLabel
        let apex = labels[labels.count - 2 - apexLabels]
        let isLoopback =
            reverse.low == reverse.high && labels.count == (reverse.isIPv4 ? 6 : 34)
            && reverse.low == (reverse.isIPv4 ? 0x7F00_0001 : 1)
        if isLoopback { return .local(LocalAnswer(content: .loopbackPointer, apexOffset: apex)) }
        let exists = apex == 0 || clusters.hasValue(from: reverse.low, to: reverse.high)
        return .local(LocalAnswer(content: exists ? .noData : .nxDomain, apexOffset: apex))
    }
}

/// Gives each distinct server one number.
private struct UpstreamRegistry {
    private(set) var upstreams: [Upstream] = []
    private var known: [Upstream: UpstreamID] = [:]

    mutating func identify(_ upstream: Upstream) -> UpstreamID {
        if let id = known[upstream] { return id }
        let id = UpstreamID(rawValue: Int32(upstreams.count))
        upstreams.append(upstream)
        known[upstream] = id
        return id
    }
}
