public import DNSWire
import PresentationFormat
public import Routing

/// A small DNS server without sockets that answers for one cluster as CoreDNS' kubernetes plugin does.
///
/// It follows the Kubernetes DNS specification 1.1.0, and CoreDNS where that says more or deviates: AA without
/// RA, the letters' case of the query's zone in all names, NODATA and NXDOMAIN at the same names.
public struct EmbeddedCluster: Sendable {
    public let name: String
    /// The domain that the cluster serves, `cluster.local`.
    public let clusterDomain: DomainName
    /// The ranges of addresses whose PTR names the cluster answers.
    public let reverse: [IPPrefix]

    /// Seconds, of all records but `dns-version`.
    let ttl: UInt32
    /// Services by `namespace/name`.
    let services: [String: ClusterService]
    let namespaces: Set<String>
    /// What PTR names point at.
    let pointers: [DomainName: [DomainName]]
    /// All zones that the cluster answers for.
    private let zones: [DomainName]

    /// Makes a cluster; the ranges of `reverse` must end at whole octets of IPv4 or nibbles of IPv6.
    public init(
        name: String,
        clusterDomain: DomainName,
        ttl: UInt32 = 5,
        services: [ClusterService],
        reverse: [IPPrefix]
    ) {
        self.name = name
        self.clusterDomain = clusterDomain
        self.ttl = ttl
        self.reverse = reverse
        self.services = Dictionary(services.map { ("\($0.namespace)/\($0.name)", $0) }) { first, _ in first }
        namespaces = Set(services.map(\.namespace))
        pointers = Self.pointers(services, clusterDomain)
        zones = [clusterDomain] + reverse.compactMap { $0.address.reverseName(prefixLength: $0.length) }
    }

    /// Answers one message: writes the reply and returns its length in octets; 0 when there is none.
    ///
    /// Over UDP the reply keeps within the client's payload size; what does not fit is left out, with TC.
    public func answer(_ query: borrowing RawSpan, isStream: Bool, reply: inout MutableRawSpan) -> Int {
        switch Query.parse(query) {
        case .drop:
            return 0
        case .reject(let parsed, let responseCode):
            return Reply(responseCode).write(to: parsed, query, isStream, &reply)
        case .query(let parsed):
            var offset = WireLimits.headerLength
            guard let qname = try? DomainName(query, at: &offset) else { return 0 }
            return self.reply(qname, parsed.qtype, parsed.qclass).write(to: parsed, query, isStream, &reply)
        }
    }

    private func reply(_ qname: DomainName, _ qtype: RecordType, _ qclass: RecordClass) -> Reply {
        guard qclass == .internet, qtype != .axfr, qtype != .ixfr,
            let start = zones.compactMap({ qname.offset(of: $0) }).min()
        else { return Reply(.refused) }
        let question = ZoneQuestion(qname: qname, zoneOffset: start, qtype: qtype)
        guard let found = records(question) else {
            return Reply(.nxDomain, authority: [startOfAuthority(question.zone)])
        }
        if found.answer.isEmpty { return Reply(.noError, authority: [startOfAuthority(question.zone)]) }
        return Reply(.noError, answer: found.answer, additional: found.additional)
    }

    /// The names that point back at services and ready endpoints; a service's own address comes first.
    private static func pointers(
        _ services: [ClusterService],
        _ clusterDomain: DomainName
    ) -> [DomainName: [DomainName]] {
        var ofServices: [DomainName: [DomainName]] = [:]
        var ofEndpoints: [DomainName: [DomainName]] = [:]
        for service in services {
            guard let name = service.domainName(in: clusterDomain) else { continue }
            if case .clusterIP(let addresses) = service.kind {
                for address in addresses {
                    if let key = address.reverseName(prefixLength: address.width) { ofServices[key] = [name] }
                }
            }
            for endpoint in service.endpoints where endpoint.isReady {
                guard let key = endpoint.address.reverseName(prefixLength: endpoint.address.width),
                    let target = name.prepending(Array(endpoint.hostname.utf8))
                else { continue }
                ofEndpoints[key, default: []].append(target)
            }
        }
        return ofServices.merging(ofEndpoints) { ofService, _ in ofService }
    }
}

extension ClusterService {
    /// The service's name in a zone.
    func domainName(in zone: DomainName) -> DomainName? {
        zone.prepending(Array("svc".utf8))?
            .prepending(Array(namespace.utf8))?
            .prepending(Array(name.utf8))
    }
}
