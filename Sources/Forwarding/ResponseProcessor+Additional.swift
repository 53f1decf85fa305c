// Addresses beside the answer: of the names that it holds, and of no others (RFC 2782, RFC 5452 §6).
import DNSWire
import Routing

extension ResponseProcessor {
    private struct RRsetName: Hashable {
        var owner: DomainName
        var type: RecordType
    }

    /// Appends the addresses of the names in the answer that this route's servers speak for.
    ///
    /// Duplicates are left out, and an RRset has one TTL (RFC 2181 §5, §5.2).
    mutating func appendAdditional(
        _ message: borrowing RawSpan,
        _ type: RecordType,
        at name: DomainName,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        switch type {
        case .srv, .mx, .ns, .svcb, .https, .naptr: break
        default: return
        }
        let targets = targets(message, type, at: name, context)
        guard !targets.isEmpty else { return }
        var ttls: [RRsetName: UInt32] = [:]
        var chosen: [(place: Int, rrset: RRsetName)] = []
        seenRdata.removeAll(keepingCapacity: true)
        for (place, record) in records.enumerated() where record.section == .additional {
            guard record.type == .a || record.type == .aaaa else { continue }
            var at = record.ownerOffset
            guard let owner = try? DomainName(message, at: &at), targets.contains(owner) else { continue }
            var hash = Hasher()
            hash.combine(owner)
            hash.combine(rdataHash(record, message))
            guard seenRdata.insert(UInt64(bitPattern: Int64(hash.finalize()))).inserted else { continue }
            let rrset = RRsetName(owner: owner, type: record.type)
            ttls[rrset] = min(ttls[rrset] ?? .max, record.ttl)
            chosen.append((place, rrset))
        }
        for (place, rrset) in chosen {
            let ttl = ttls[rrset] ?? 0
            try append(records[place], message, to: .additional, rrset.owner, ttl, context, &builder)
        }
    }

    /// The names in the RDATA of an RRset whose addresses this route's servers may give.
    private func targets(
        _ message: borrowing RawSpan,
        _ type: RecordType,
        at name: DomainName,
        _ context: ResponseContext
    ) -> Set<DomainName> {
        guard let layout = RdataLayout.of(type) else { return [] }
        var targets: Set<DomainName> = []
        for record in records where record.section == .answer && record.type == type {
            guard isOwned(record, by: name, message),
                var at = try? layout.firstName(
                    message,
                    rdataOffset: record.rdataOffset,
                    rdataLength: record.rdataLength
                ), var target = try? DomainName(message, at: &at)
            else { continue }
            // RFC 9460 §2.5: the target `.` of SVCB and HTTPS is the owner.
            if target.isRoot, type == .svcb || type == .https { target = name }
            let mapped = context.routeInfo.mapping.map { $0.clientName(target) } ?? target
            guard let mapped, standing(of: target, mapped, context) == .own else { continue }
            targets.insert(target)
        }
        return targets
    }
}
