// The records of an answer, by type.
import DNSWire
import PresentationFormat
import Routing

extension EmbeddedCluster {
    /// The records that answer a question, and those to send along; nil when the name does not exist.
    func records(_ question: ZoneQuestion) -> (answer: [ResourceRecord], additional: [ResourceRecord])? {
        if question.isApex { return apexRecords(question) }
        if question.labels == ["ns", "dns"] {
            return (nameServerAddresses(question.qname, question.qtype), [])
        }
        switch question.qtype {
        case .txt where question.labels == ["dns-version"]:
            return ([record(question.qname, .txt, [5] + Array("1.1.0".utf8), ttl: 28_800)], [])
        case .ptr where pointers[question.qname] != nil:
            return (pointers[question.qname, default: []].map { record(question.qname, .ptr, $0.octets) }, [])
        default:
            break
        }
        guard let entries = entries(question) else { return nil }
        switch question.qtype {
        case .a, .aaaa:
            return (addressRecords(question.qname, question.qtype, entries), [])
        case .cname:
            guard case .alias(let alias)? = entries.first?.host else { return ([], []) }
            return ([record(question.qname, .cname, alias.octets)], [])
        case .srv:
            return serviceRecords(question.qname, entries)
        default:
            return ([], [])
        }
    }

    /// The SOA record of a zone: its TTL and MINIMUM are the cluster's TTL.
    func startOfAuthority(_ zone: DomainName) -> ResourceRecord {
        let server = zone.prepending(Array("dns".utf8))?.prepending(Array("ns".utf8)) ?? zone
        let mailbox = zone.prepending(Array("hostmaster".utf8)) ?? zone
        let numbers: [UInt32] = [1_499_347_823, 7200, 1800, 86_400, ttl]
        let octets = numbers.flatMap { number in (0..<4).map { UInt8(number >> (24 - 8 * $0) & 0xFF) } }
        return record(zone, .soa, server.octets + mailbox.octets + octets)
    }

    private func apexRecords(
        _ question: ZoneQuestion
    ) -> (answer: [ResourceRecord], additional: [ResourceRecord]) {
        switch question.qtype {
        case .soa:
            return ([startOfAuthority(question.zone)], [])
        case .ns:
            guard let server = question.zone.prepending(Array("dns".utf8))?.prepending(Array("ns".utf8))
            else { return ([], []) }
            let addresses = nameServerAddresses(server, .a) + nameServerAddresses(server, .aaaa)
            return ([record(question.qname, .ns, server.octets)], addresses)
        default:
            return ([], [])
        }
    }

    /// The addresses of `ns.dns`: those of the service `kube-dns`.
    private func nameServerAddresses(_ owner: DomainName, _ type: RecordType) -> [ResourceRecord] {
        guard case .clusterIP(let addresses)? = services["kube-system/kube-dns"]?.kind else { return [] }
        return addresses.filter { $0.recordType == type }.map { record(owner, type, $0.rdata) }
    }

    private func addressRecords(
        _ owner: DomainName,
        _ type: RecordType,
        _ entries: [ServiceEntry]
    ) -> [ResourceRecord] {
        var records: [ResourceRecord] = []
        for entry in entries {
            switch entry.host {
            case .address(let address):
                guard address.recordType == type else { continue }
                let found = record(owner, type, address.rdata)
                if !records.contains(found) { records.append(found) }
            case .alias(let alias):
                records += aliasRecords(owner, type, alias)
            }
        }
        return records
    }

    /// A CNAME with what it leads to; alone when its target is outside, for there is nobody to ask.
    ///
    /// Inside the cluster CoreDNS leaves the CNAME out when its target has no records.
    private func aliasRecords(
        _ owner: DomainName,
        _ type: RecordType,
        _ alias: DomainName
    ) -> [ResourceRecord] {
        let cname = record(owner, .cname, alias.octets)
        guard let start = alias.offset(of: clusterDomain) else { return [cname] }
        let target = ZoneQuestion(qname: alias, zoneOffset: start, qtype: type)
        // One step only: an alias of an alias would need a limit, and no cluster here has one.
        let entries = entries(target)?.filter { if case .address = $0.host { true } else { false } } ?? []
        let addresses = addressRecords(alias, type, entries)
        return addresses.isEmpty ? [] : [cname] + addresses
    }

    /// SRV records with equal shares of a weight of 100, and the addresses of their targets.
    private func serviceRecords(
        _ owner: DomainName,
        _ entries: [ServiceEntry]
    ) -> (answer: [ResourceRecord], additional: [ResourceRecord]) {
        let internals = entries.filter { if case .address = $0.host { true } else { false } }
        let weight = UInt16(max(1, 100 / max(1, internals.count)))
        var answer: [ResourceRecord] = []
        var additional: [ResourceRecord] = []
        var seen: Set<ResourceRecord> = []
        for entry in internals {
            guard case .address(let address) = entry.host, let port = entry.port else { continue }
            let fields: [UInt16] = [0, weight, port]
            let rdata = fields.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } + entry.target.octets
            let service = record(owner, .srv, rdata)
            if seen.insert(service).inserted { answer.append(service) }
            let target = record(entry.target, address.recordType, address.rdata)
            if seen.insert(target).inserted { additional.append(target) }
        }
        return (answer, additional)
    }

    private func record(
        _ owner: DomainName,
        _ type: RecordType,
        _ rdata: [UInt8],
        ttl: UInt32? = nil
    ) -> ResourceRecord {
        ResourceRecord(owner: owner, type: type, ttl: ttl ?? self.ttl, rdata: rdata)
    }
}

extension DomainName {
    /// The wire form.
    fileprivate var octets: [UInt8] { bytes.toArray() }
}
