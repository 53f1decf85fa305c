public import DNSWire

/// The bijection between a cluster's zone, as clients see it, and the domain that the cluster itself serves.
///
/// Like a DNAME that nobody sees (RFC 6672 §2.2): the tail is replaced on label boundaries, compared without
/// case (RFC 4343); names outside stay as they are. Immutable, and small: with many clusters each forwarded query finds
/// another one, which is not in the processor's caches.
public final class NameMapping: Sendable {
    // The zone, then the cluster's domain, in wire form.
    private let octets: [UInt8]
    private let zoneLength: Int

    public init(zone: DomainName, clusterDomain: DomainName) {
        octets = zone.bytes.toArray() + clusterDomain.bytes.toArray()
        zoneLength = zone.length
    }

    /// Whether both names are one, so that nothing is mapped.
    public var isIdentity: Bool {
        let octets = octets
        let names = octets.wireBytes
        return names.extracting(first: zoneLength)
            .hasSameFoldedBytes(as: names.extracting(zoneLength..<octets.count))
    }

    /// The name to ask the cluster for; nil when it would be over 255 octets.
    public func upstreamName(_ name: DomainName) -> DomainName? {
        let octets = octets
        let names = octets.wireBytes
        return name.replacing(
            names.extracting(first: zoneLength),
            with: names.extracting(zoneLength..<octets.count)
        )
    }

    /// The name to show to clients; nil when it would be over 255 octets.
    public func clientName(_ name: DomainName) -> DomainName? {
        let octets = octets
        let names = octets.wireBytes
        return name.replacing(
            names.extracting(zoneLength..<octets.count),
            with: names.extracting(first: zoneLength)
        )
    }
}
