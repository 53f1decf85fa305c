// Class CH: RFC 4892, the names that users of dnsmasq know, and our own zone `switchyard.`.
import AnswerCache
import DNSWire
import Metrics
import Routing

extension Forwarder {
    mutating func answerOtherClass(
        _ query: Query,
        _ message: borrowing RawSpan,
        _ client: Client,
        _ context: ReplyContext,
        _ now: UInt64,
        _ reply: inout MutableRawSpan
    ) -> QueryOutcome {
        guard query.qclass == .chaos else {
            return refuse(&reply, context, .notSupported, "only classes IN and CH are served")
        }
        guard snapshot.diagnosticsAllowed.contains(client.address) else {
            return refuse(&reply, context, .prohibited, "this client's address is not in access.diagnostics")
        }
        var at = WireLimits.headerLength
        guard let qname = try? DomainName(message, at: &at) else { return .drop }
        guard let texts = diagnostics(qname.folded, now) else {
            let isExplain = qname.isAtOrBelow(DiagnosticNames.explain)
            let text = isExplain ? "ask for NAME.TYPE.explain.switchyard" : "no such name in class CH"
            return refuse(&reply, context, .notSupported, text)
        }
        metrics.count(.localAnswers)
        do throws(BuildError) {
            try builder.begin(qname.folded, query.qtype, .chaos)
            if query.qtype == .txt || query.qtype == .any {
                for text in texts { try appendText(text, of: qname.folded) }
            }
        } catch {
            return .drop
        }
        builder.finish(.noError, isAuthoritative: true)
        let (length, isTruncated) = builder.render(qname, query.qtype, .chaos, context, into: &reply)
        if isTruncated { metrics.count(.truncatedReplies) }
        return .reply(length)
    }

    /// A TXT record, of as many character strings as the text needs.
    private mutating func appendText(_ text: String, of owner: DomainName) throws(BuildError) {
        try builder.append(owner, .txt, .chaos, ttl: 0, to: .answer) { writer throws(WireError) in
            var rest = Array(text.utf8.prefix(ForwardingLimits.diagnosticTextMax))[...]
            repeat {
                let part = rest.prefix(255)
                try writer.append(UInt8(part.count))
                for octet in part { try writer.append(octet) }
                rest = rest.dropFirst(part.count)
            } while !rest.isEmpty
        }
    }

    /// The texts of a name in class CH, a record each; nil when there is no such name.
    private func diagnostics(_ qname: DomainName, _ now: UInt64) -> [String]? {
        if qname.isAtOrBelow(DiagnosticNames.explain) { return explanation(qname, now) }
        return switch qname.escaped {
        case "version.bind", "version.server": [snapshot.version]
        case "hostname.bind", "id.server": [snapshot.hostname]
        case "cachesize.bind": ["\(cache?.sizeBytes ?? 0)"]
        case "insertions.bind": ["\(cache?.statistics.insertions ?? 0)"]
        case "evictions.bind": ["\(cache?.statistics.evictions ?? 0)"]
        case "hits.bind": ["\(allMetrics.value(.cacheHits))"]
        case "misses.bind": ["\(allMetrics.value(.cacheMisses))"]
        case "clusters.switchyard": clusterTexts(now)
        case "upstreams.switchyard": upstreamTexts(now)
        default: nil
        }
    }

    /// `<name>.<type>.explain.switchyard`; the root's name has no labels.
    private func explanation(_ qname: DomainName, _ now: UInt64) -> [String]? {
        let labels = qname.labels.dropLast(DiagnosticNames.explain.labelCount)
        guard let last = labels.last, let qtype = RecordType(mnemonic: String(decoding: last, as: UTF8.self)),
            let name = DomainName(labels: Array(labels.dropLast()))
        else { return nil }
        return Explainer(snapshot, cache: cache, failures: failures, now: now).explain(name, qtype).lines
    }

    private func clusterTexts(_ now: UInt64) -> [String] {
        let routes = snapshot.table.routes
        let shown = routes.indices.dropFirst().prefix(ForwardingLimits.diagnosticLinesMax)
        let texts = shown.map { snapshot.summary(of: RouteID(rawValue: Int32($0)), now) }
        return texts + Self.rest(routes.count - 1 - shown.count)
    }

    private func upstreamTexts(_ now: UInt64) -> [String] {
        var texts: [String] = []
        var rest = 0
        for route in snapshot.table.routes {
            for id in route.upstreams {
                guard texts.count < ForwardingLimits.diagnosticLinesMax else {
                    rest += 1
                    continue
                }
                let upstream = snapshot.table.upstreams[Int(id.rawValue)]
                let health = snapshot.health[Int(id.rawValue)].report(now: now)
                texts.append("\(route.label): \(Explanation.Server(upstream: upstream, health: health).text)")
            }
        }
        return texts + Self.rest(rest)
    }

    private static func rest(_ count: Int) -> [String] { count > 0 ? ["and \(count) more"] : [] }
}

/// Names in class CH.
private enum DiagnosticNames {
    static let explain = DomainName("explain.switchyard") ?? DomainName()
}

extension ForwardingSnapshot {
    /// A route in a few words: `cluster east: zone east.k8s.corp, 1 of 2 servers up`.
    func summary(of id: RouteID, _ now: UInt64) -> String {
        let route = table.routes[Int(id.rawValue)]
        let up = route.upstreams.count { !health[Int($0.rawValue)].isOut(now: now) }
        let zone = (route.mapping?.clientName(route.bailiwick) ?? route.bailiwick).escaped
        let state = routeStates[Int(id.rawValue)].isDrained ? "drained, " : ""
        return "\(route.label): zone \(zone), \(state)\(up) of \(route.upstreams.count) servers up"
    }
}
