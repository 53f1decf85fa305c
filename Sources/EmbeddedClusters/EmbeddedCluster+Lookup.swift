// Which addresses or aliases stand behind a name, by the shapes of the Kubernetes DNS specification.
import DNSWire
import Routing

/// One address or alias behind a name, at one port.
struct ServiceEntry {
    enum Host: Hashable {
        case address(IPAddress)
        case alias(DomainName)
    }

    var host: Host
    /// The name that SRV records give as target.
    var target: DomainName
    /// Nil when the service has no ports.
    var port: UInt16?
}

extension EmbeddedCluster {
    /// What stands behind a name: nil when it does not exist, nothing when it exists without addresses.
    func entries(_ question: ZoneQuestion) -> [ServiceEntry]? {
        var labels = question.labels
        guard let tree = labels.popLast() else { return [] }
        guard tree == "svc" || tree == "pod", question.zone == clusterDomain else { return nil }
        guard let namespace = labels.popLast() else { return [] }
        guard namespaces.contains(namespace) else { return nil }
        guard let name = labels.popLast() else { return [] }
        // Either one label more, an endpoint, or two, a port and its protocol.
        guard labels.count <= 2 else { return nil }
        if tree == "pod" { return podEntries(name, question.qname) }
        guard let service = services["\(namespace)/\(name)"] else { return nil }
        return serviceEntries(service, labels, question.zone)
    }

    /// `10-244-1-5.shop.pod`: whatever address the label says, as CoreDNS does with `pods insecure`.
    private func podEntries(_ label: String, _ qname: DomainName) -> [ServiceEntry]? {
        guard let address = IPAddress(dashed: label) else { return nil }
        return [ServiceEntry(host: .address(address), target: qname, port: nil)]
    }

    private func serviceEntries(
        _ service: ClusterService,
        _ labels: [String],
        _ zone: DomainName
    ) -> [ServiceEntry]? {
        guard let name = service.domainName(in: zone) else { return nil }
        let hostname = labels.count == 1 ? labels[0] : nil
        let ports = service.ports(named: labels.count == 2 ? labels : nil)
        let entries: [ServiceEntry]
        switch service.kind {
        case .externalName(let alias):
            return hostname == nil ? [ServiceEntry(host: .alias(alias), target: name, port: nil)] : nil
        case .clusterIP(let addresses) where hostname == nil:
            entries = ports.flatMap { port in
                addresses.map { ServiceEntry(host: .address($0), target: name, port: port) }
            }
        case .clusterIP, .headless:
            let endpoints = service.endpoints.filter { endpoint in
                endpoint.isReady && (hostname.map { $0 == endpoint.hostname.lowercased() } ?? true)
            }
            entries = endpoints.flatMap { endpoint in
                ports.compactMap { port in
                    name.prepending(Array(endpoint.hostname.utf8)).map {
                        ServiceEntry(host: .address(endpoint.address), target: $0, port: port)
                    }
                }
            }
        }
        // Without a match the name does not exist; so `_tcp.web.shop.svc`, which reads as an endpoint, does
        // not, although `_http._tcp.web.shop.svc` does.
        return entries.isEmpty ? nil : entries
    }
}

extension ClusterService {
    /// The numbers of the ports that `_port._protocol` names, or of all; one nil for a service without ports.
    fileprivate func ports(named labels: [String]?) -> [UInt16?] {
        guard let labels else { return ports.isEmpty ? [nil] : ports.map(\.number) }
        func withoutUnderscore(_ label: String) -> Substring {
            label.hasPrefix("_") ? label.dropFirst() : Substring(label)
        }
        return ports.filter {
            $0.name == withoutUnderscore(labels[0]) && $0.transport == withoutUnderscore(labels[1])
        }.map(\.number)
    }
}
