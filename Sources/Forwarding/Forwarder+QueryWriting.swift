// What servers are sent (RFC 1035 §4.1, RFC 6891 §6.1).
import DNSWire
import Routing

extension Forwarder {
    /// Writes the question of a pending query as a message; false when it does not fit.
    mutating func writeQuery(
        _ query: PendingQuery,
        _ id: MessageID,
        hasEDNS: Bool,
        over transport: UpstreamTransport
    ) -> Bool {
        var flags = HeaderFlags.recursionDesired
        if query.checkingDisabled { flags |= HeaderFlags.checkingDisabled }
        queryWriter.begin(
            Header(id: id, flags: HeaderFlags(rawValue: flags), additionalCount: hasEDNS ? 1 : 0)
        )
        do throws(WireError) {
            try queryWriter.appendQuestion(query.upstreamName, query.upstreamType, .internet)
            if hasEDNS {
                // Our own OPT; nothing of the client's passes (RFC 6891 §6.1.1).
                let payload = RecordClass(rawValue: UInt16(ForwardingLimits.udpPayload))
                let ttl: UInt32 = query.dnssecOK ? 0x8000 : 0
                let rdata = try queryWriter.beginRecord(DomainName(), .opt, payload, ttl: ttl)
                if transport != .udp { try KeepaliveOption.appendRequest(to: &queryWriter) }
                try queryWriter.endRecord(rdataOffset: rdata)
            }
            return true
        } catch {
            return false
        }
    }
}
