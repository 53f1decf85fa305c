public import DNSWire

/// The bijection between a cluster's zone, as clients see it, and the domain that the cluster itself serves.
///
/// Like a DNAME that nobody sees (RFC 6672 §2.2): the tail is replaced on label boundaries, compared without
/// case (RFC 4343); names outside stay as they are. Immutable, and an object because it is large.
public final class NameMapping: Sendable {
    /// What clients ask: `east.k8s.corp`.
    public let zone: DomainName
    /// What the cluster serves: `cluster.local`.
    public let clusterDomain: DomainName

    public init(zone: DomainName, clusterDomain: DomainName) {
        self.zone = zone
        self.clusterDomain = clusterDomain
    }

    /// Whether both names are one, so that nothing is mapped.
    public var isIdentity: Bool { zone == clusterDomain }

    /// The name to ask the cluster for; nil when it would be over 255 octets.
    public func upstreamName(_ name: DomainName) -> DomainName? {
        replace(name, zone, by: clusterDomain)
    }

    /// The name to show to clients; nil when it would be over 255 octets.
    public func clientName(_ name: DomainName) -> DomainName? {
        replace(name, clusterDomain, by: zone)
    }

    private func replace(_ name: DomainName, _ old: DomainName, by new: DomainName) -> DomainName? {
        guard let start = name.offset(of: old) else { return name }
        return name.replacingSuffix(at: start, with: new)
    }
}
