public import DNSWire

/// Why a question goes where it goes.
public enum RouteReason: Sendable, Equatable {
    /// The longest zone of a cluster that the name is at or below.
    case zone(DomainName)
    /// A reverse name whose addresses are in a cluster's ranges.
    case reverseRange
    /// DS at this zone's apex belongs to the parent (RFC 4035 §3.1.4.1).
    case parent(of: DomainName)
    /// No zone and no range has the name.
    case noZone
    /// The name is below this domain, of which each cluster has a part, but in no cluster's.
    case patternDomain(DomainName)
    /// The name is at or below a name of special use (RFC 6761), or a reverse name of such addresses (RFC 6303).
    case specialUse(DomainName)
}

extension RoutingTable {
    /// Says why `decide` decides as it does; `name` is folded.
    public func reason(_ name: DomainName, _ qtype: RecordType) -> RouteReason {
        let found = suffixes.longestMatch(name.bytes, labelCount: name.labelCount)
        let zone = found.flatMap { Int($0.value) < routes.count ? name.suffix(from: $0.offset) : nil }
        if let zone, qtype == .ds, zone == name { return .parent(of: zone) }
        switch decide(name.bytes, qtype) {
        case .forward(let route):
            if let zone { return .zone(zone) }
            return route == .defaultRoute ? .noZone : .reverseRange
        case .local(let answer):
            let apex = name.suffix(from: answer.apexOffset)
            return isPatternDomain(apex) ? .patternDomain(apex) : .specialUse(apex)
        }
    }
}
