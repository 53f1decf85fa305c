// Answers that come from no upstream: special-use names, the pattern's parent (RFC 6761, RFC 6303).
import AnswerCache
import DNSWire
import Metrics
import Routing

extension Forwarder {
    mutating func answerLocally(
        _ local: LocalAnswer,
        _ query: Query,
        _ message: borrowing RawSpan,
        _ context: ReplyContext,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        metrics.count(.localAnswers)
        var at = WireLimits.headerLength
        guard let qname = try? DomainName(message, at: &at) else { return .drop }
        do throws(BuildError) {
            try build(local, qname.folded, query.qtype)
        } catch {
            return .drop
        }
        let (length, _) = builder.render(qname, query.qtype, .internet, context, into: &reply)
        // Without OPT there is no place for a reason.
        guard context.edns.isPresent, let text = snapshot.unknownCluster(qname, local) else {
            return .reply(length)
        }
        return .reply(ReplyWriter.addError(&reply, context, .other, text, at: length))
    }

    /// Writes a local answer into the builder.
    ///
    /// `qname` is folded.
    mutating func build(_ local: LocalAnswer, _ qname: DomainName, _ qtype: RecordType) throws(BuildError) {
        try builder.begin(qname, qtype)
        let apex = qname.suffix(from: local.apexOffset)
        let ttl = ForwardingLimits.localTTLSeconds
        let addressesAreWanted = qtype == .any ? RecordType.a : qtype
        switch local.content {
        case .loopback where addressesAreWanted == .a:
            try builder.append(qname, .a, ttl: ttl, to: .answer) { writer throws(WireError) in
                try writer.append(UInt32(0x7F00_0001))
            }
        case .loopback where qtype == .aaaa:
            try builder.append(qname, .aaaa, ttl: ttl, to: .answer) { writer throws(WireError) in
                for word: UInt32 in [0, 0, 0, 1] { try writer.append(word) }
            }
        case .loopbackPointer where qtype == .ptr || qtype == .any:
            try builder.append(qname, .ptr, ttl: ttl, to: .answer) { writer throws(WireError) in
                try writer.appendName(LocalNames.localhost, compress: true)
            }
        case .noData where local.apexOffset == 0 && qtype == .ns:
            try builder.append(qname, .ns, ttl: ttl, to: .answer) { writer throws(WireError) in
                try writer.appendName(apex, compress: true)
            }
        case .noData where local.apexOffset == 0 && qtype == .soa:
            try appendSOA(apex, ttl: ttl, to: .answer)
        case .noData, .loopback, .loopbackPointer:
            try appendSOA(apex, ttl: negativeTTL(local), to: .authority)
        case .nxDomain:
            try appendSOA(apex, ttl: negativeTTL(local), to: .authority)
            return builder.finish(.nxDomain, isAuthoritative: true)
        }
        builder.finish(.noError, isAuthoritative: true)
    }

    /// A cluster may be added at any time; special-use names stay what they are.
    private func negativeTTL(_ local: LocalAnswer) -> UInt32 {
        local.unknownClusterOffset != nil ? snapshot.ttls.negative : ForwardingLimits.localTTLSeconds
    }

    /// The SOA of a zone that only this server knows (RFC 6303 §3).
    private mutating func appendSOA(
        _ apex: DomainName,
        ttl: UInt32,
        to section: MessageSection
    ) throws(BuildError) {
        try builder.append(apex, .soa, ttl: ttl, to: section) { writer throws(WireError) in
            try writer.appendName(apex, compress: true)
            try writer.appendName(LocalNames.nobody, compress: true)
            for number: UInt32 in [1, 3600, 1200, 604_800, ttl] { try writer.append(number) }
        }
    }
}

/// Names that local answers speak of.
private enum LocalNames {
    static let localhost = DomainName("localhost") ?? DomainName()
    /// Whom to write to about a zone that nobody keeps (RFC 2606 §2).
    static let nobody = DomainName("nobody.invalid") ?? DomainName()
}
