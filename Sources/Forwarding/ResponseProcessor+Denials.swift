// NXDOMAIN, NODATA and referrals (RFC 2308).
import AnswerCache
import DNSWire
import Routing

extension ResponseProcessor {
    /// Whether the response only names other servers: what no resolver should send us.
    func isReferral(_ message: borrowing RawSpan, at name: DomainName) -> Bool {
        var names = false
        for record in records {
            if record.section == .answer || record.type == .soa { return false }
            if record.section == .authority, record.type == .ns { names = true }
        }
        return names
    }

    /// Writes NXDOMAIN or NODATA (RFC 2308 §2, §5).
    func deny(
        _ message: borrowing RawSpan,
        _ code: ResponseCode,
        _ chain: Chain,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) -> ResponseVerdict {
        let negative = context.snapshot.ttls.negative
        if context.qtype == .any, code == .noError {
            // RFC 8482 §4.2: the name exists, and that is all that we say.
            try builder.append(context.qname, .hinfo, ttl: max(negative, 1), to: .answer) {
                writer throws(WireError) in
                try writer.appendCharacterString("RFC8482")
                try writer.appendCharacterString("")
            }
            builder.finish(.noError)
            return .answer
        }
        var lifetime = negative
        if let soa = soa(message, above: chain.end), let owner = try? owner(of: soa, message) {
            let record = records[soa]
            if isOwnDenial(owner, chain.end, context) {
                let ttl = min(record.ttl, minimum(record, message), negative)
                try appendDenial(soa, owner, ttl, message, context, &builder)
            } else {
                // Some other zone's SOA: the server passed the question on. Not the zone's own word (RFC 2308 §2).
                lifetime = min(negative, ForwardingLimits.foreignDenialSeconds)
                builder.finish(code, lifetimeMax: lifetime)
                if builder.answer.answerCount == 0 { builder.setLifetime(lifetime) }
                return .answer
            }
        }
        builder.finish(code, lifetimeMax: lifetime)
        if builder.answer.authorityCount == 0 { builder.setLifetime(0) }
        return .answer
    }

    private func appendDenial(
        _ soa: Int,
        _ owner: DomainName,
        _ ttl: UInt32,
        _ message: borrowing RawSpan,
        _ context: ResponseContext,
        _ builder: inout AnswerBuilder
    ) throws(BuildError) {
        let mapping = context.routeInfo.mapping
        guard let clientOwner = mapping.map({ $0.clientName(owner) }) ?? owner else {
            throw .mappedNameTooLong
        }
        try builder.append(
            records[soa],
            from: message,
            to: .authority,
            owner: clientOwner,
            ttl: ttl,
            mapping: mapping
        )
        guard context.dnssecOK, mapping == nil else { return }
        for record in records where record.section == .authority {
            switch record.type {
            case .nsec, .nsec3, .rrsig:
                var at = record.ownerOffset
                guard let name = try? DomainName(message, at: &at) else { continue }
                try append(record, message, to: .authority, name, min(record.ttl, ttl), context, &builder)
            default: continue
            }
        }
    }

    /// The place of an SOA record in the authority section whose owner is `name` or above it.
    func soa(_ message: borrowing RawSpan, above name: DomainName) -> Int? {
        for (i, record) in records.enumerated() where record.section == .authority && record.type == .soa {
            if let owner = try? owner(of: i, message), name.isAtOrBelow(owner) { return i }
        }
        return nil
    }

    /// Whether a denial with this SOA comes from the zone that the route is for.
    ///
    /// Reverse names of a cluster have zones of their own below arpa.
    private func isOwnDenial(_ owner: DomainName, _ name: DomainName, _ context: ResponseContext) -> Bool {
        let bailiwick = context.routeInfo.bailiwick
        if name.isAtOrBelow(bailiwick) { return owner.isAtOrBelow(bailiwick) }
        return owner.labelCount >= 2
    }

    /// SOA MINIMUM, the last four octets (RFC 2308 §4).
    private func minimum(_ record: RecordView, _ message: borrowing RawSpan) -> UInt32 {
        guard record.rdataLength >= 22 else { return 0 }
        return message.uint32(at: record.rdataOffset + record.rdataLength - 4)
    }
}
