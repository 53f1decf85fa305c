public import AnswerCache
public import DNSWire
import Routing

/// Finds out what would become of a question, with the same rules as `Forwarder`.
///
/// Sends nothing and changes nothing. Any thread; allocates.
public struct Explainer {
    private let snapshot: ForwardingSnapshot
    /// Nil when nothing is cached.
    private let cache: AnswerCache?
    /// Nil when nothing runs: then the servers' state is not known either.
    private let failures: AnswerCache?
    private let now: UInt64

    /// - Parameter now: milliseconds of the forwarders' clock.
    public init(
        _ snapshot: ForwardingSnapshot,
        cache: AnswerCache?,
        failures: AnswerCache?,
        now: UInt64
    ) {
        self.snapshot = snapshot
        self.cache = cache
        self.failures = failures
        self.now = now
    }

    /// Explains a question of class IN.
    public func explain(_ qname: DomainName, _ qtype: RecordType) -> Explanation {
        let qname = qname.folded
        if qtype.isMeta, qtype != .any { return meta(qname, qtype) }
        switch snapshot.table.decide(qname.bytes, qtype) {
        case .local(let answer): return local(qname, qtype, answer)
        case .forward(let route): return forwarded(qname, qtype, route)
        }
    }

    private func meta(_ qname: DomainName, _ qtype: RecordType) -> Explanation {
        let isTransfer = qtype == .axfr || qtype == .ixfr
        var explanation = Explanation(
            qname: qname,
            qtype: qtype,
            route: Self.here,
            reason: "the type is no data"
        )
        explanation.action = isTransfer ? "REFUSED: \(Self.noTransfers)" : "NOTIMP: \(Self.noSuchType)"
        return explanation
    }

    private static let here = "answered here"
    static let noTransfers = "zone transfers are not served here"
    static let noSuchType = "this query type cannot be forwarded"

    private func local(_ qname: DomainName, _ qtype: RecordType, _ answer: LocalAnswer) -> Explanation {
        var explanation = Explanation(
            qname: qname,
            qtype: qtype,
            route: Self.here,
            reason: snapshot.table.reason(qname, qtype).text
        )
        explanation.action =
            switch answer.content {
            case .nxDomain: "NXDOMAIN"
            case .noData: "the domain's own SOA and NS, no data for other types"
            case .loopback: "127.0.0.1 or ::1, no data for other types"
            case .loopbackPointer: "localhost, no data for other types"
            }
        if let text = snapshot.unknownCluster(qname, answer) { explanation.action += ": \(text)" }
        return explanation
    }

    private func forwarded(_ qname: DomainName, _ qtype: RecordType, _ id: RouteID) -> Explanation {
        let route = snapshot.table.routes[Int(id.rawValue)]
        var explanation = Explanation(
            qname: qname,
            qtype: qtype,
            route: route.label,
            cluster: id == .defaultRoute ? nil : route.name,
            reason: snapshot.table.reason(qname, qtype).text,
            upstreamName: route.mapping.map { $0.upstreamName(qname) } ?? qname
        )
        explanation.policy = route.settings.policy
        explanation.unresolvedName = route.unresolvedName
        explanation.isDrained = snapshot.routeStates[Int(id.rawValue)].isDrained
        explanation.servers = snapshot.order(of: route, now).map { upstream in
            Explanation.Server(
                upstream: snapshot.table.upstreams[Int(upstream.rawValue)],
                health: failures == nil ? nil : snapshot.health[Int(upstream.rawValue)].report(now: now)
            )
        }
        explanation.cached = cached(qname, qtype, id)
        explanation.action = action(explanation, key(qname, qtype, id, dnssecOK: false), id)
        return explanation
    }

    // MARK: - The caches

    private func key(
        _ qname: DomainName,
        _ qtype: RecordType,
        _ route: RouteID,
        dnssecOK: Bool,
        checkingDisabled: Bool = false
    ) -> CacheKey {
        var key = CacheKey(qname)
        key.finish(
            qtype,
            snapshot.table,
            route,
            dnssecOK: dnssecOK,
            checkingDisabled: checkingDisabled,
            seed: failures?.seed ?? 0
        )
        return key
    }

    private func cached(_ qname: DomainName, _ qtype: RecordType, _ route: RouteID) -> [Explanation.Cached] {
        // What a mapped route answers depends on neither DO nor CD.
        let variants: [(Bool, Bool)] =
            snapshot.table.isMapped(route)
            ? [(false, false)] : [(false, false), (true, false), (false, true), (true, true)]
        var found: [Explanation.Cached] = []
        for (dnssecOK, checkingDisabled) in variants {
            let key = key(qname, qtype, route, dnssecOK: dnssecOK, checkingDisabled: checkingDisabled)
            for var entry in [answer(key), failure(key, route)].compactMap({ $0 }) {
                entry.dnssecOK = dnssecOK
                entry.checkingDisabled = checkingDisabled
                found.append(entry)
            }
        }
        return found
    }

    private func answer(_ key: CacheKey) -> Explanation.Cached? {
        guard let entry = cache?.inspect(key) else { return nil }
        let isExpired = now >= entry.expiresAt
        let past = isExpired ? (now - entry.expiresAt) / 1000 : 0
        let stale = UInt64(snapshot.caching.staleSeconds)
        guard !isExpired || past < stale else { return nil }
        return Explanation.Cached(
            kind: isExpired ? .stale : entry.answer.isNegative ? .negative : .fresh,
            responseCode: entry.answer.responseCode,
            records: Int(entry.answer.answerCount),
            ageSeconds: UInt32(clamping: (now - min(now, entry.storedAt)) / 1000),
            secondsLeft: isExpired ? 0 : UInt32(clamping: (entry.expiresAt - now) / 1000),
            staleSecondsLeft: UInt32(clamping: stale - past),
            uses: entry.uses,
            dnssecOK: false,
            checkingDisabled: false
        )
    }

    /// A failure that is remembered, as `Forwarder.rememberedFailure` would find it.
    private func failure(_ key: CacheKey, _ route: RouteID) -> Explanation.Cached? {
        guard let entry = failures?.inspect(key), now < entry.expiresAt,
            let body = failures?.inspectBody(key), body.count >= RememberedFailure.headLength,
            body.wireBytes.uint32(at: 1) == snapshot.routeStates[Int(route.rawValue)].recoveries
        else { return nil }
        // An answer that came later has been good.
        if let stored = cache?.summary(of: key)?.storedAt, stored > entry.storedAt { return nil }
        return Explanation.Cached(
            kind: .failure,
            responseCode: .servFail,
            records: 0,
            ageSeconds: UInt32(clamping: (now - min(now, entry.storedAt)) / 1000),
            secondsLeft: UInt32(clamping: (entry.expiresAt - now + 999) / 1000),
            staleSecondsLeft: 0,
            uses: entry.uses,
            dnssecOK: false,
            checkingDisabled: false,
            failure: String(decoding: body.dropFirst(RememberedFailure.headLength), as: UTF8.self)
        )
    }

    // MARK: - What would be done

    /// What a client gets that sets neither DO nor CD.
    private func action(_ facts: Explanation, _ key: CacheKey, _ id: RouteID) -> String {
        let route = snapshot.table.routes[Int(id.rawValue)]
        let plain = facts.cached.filter { !$0.dnssecOK && !$0.checkingDisabled }
        if plain.contains(where: { $0.kind == .fresh || $0.kind == .negative }) {
            return "answered from the cache, nobody is asked"
        }
        if let text = plain.first(where: { $0.kind == .failure })?.failure {
            return instead(of: "SERVFAIL with error 13", because: text, key)
        }
        guard facts.upstreamName != nil else { return "YXDOMAIN: \(Failure.mappedNameTooLong(route).text)" }
        if facts.isDrained { return refused(.drained(route), key) }
        guard failures != nil else { return asked(facts, suffix: "") }
        if let failure = snapshot.outage(of: route, now) { return refused(failure, key) }
        if facts.servers.isEmpty, let name = route.unresolvedName {
            return refused(.unresolved(route, name), key)
        }
        let late = " without an answer within \(snapshot.caching.staleAfterMilliseconds) ms: the stale one"
        return asked(facts, suffix: stale(key) == nil ? "" : ";\(late)")
    }

    private func asked(_ facts: Explanation, suffix: String) -> String {
        guard let first = facts.servers.first else { return "SERVFAIL: no server could be asked" }
        let server = "\(first.upstream) over \(first.upstream.transport.text)"
        guard facts.policy == .random, facts.servers.count > 1 else { return "\(server) is asked\(suffix)" }
        return "one of the servers that are up is asked, by weight\(suffix)"
    }

    private func refused(_ failure: Failure, _ key: CacheKey) -> String {
        instead(of: "SERVFAIL with error \(failure.code.rawValue)", because: failure.text, key)
    }

    private func instead(of failure: String, because text: String, _ key: CacheKey) -> String {
        stale(key) == nil ? "\(failure): \(text)" : "the stale answer is given: \(text)"
    }

    private func stale(_ key: CacheKey) -> StaleAnswer? {
        guard let cache, snapshot.caching.staleSeconds > 0 else { return nil }
        return StaleAnswer(cache, key, snapshot.caching.staleLimits, now: now)
    }
}

extension ForwardingSnapshot {
    /// What is said of a name below the pattern's domain that is in no cluster's zone.
    func unknownCluster(_ qname: DomainName, _ answer: LocalAnswer) -> String? {
        guard let start = answer.unknownClusterOffset else { return nil }
        let below = qname.suffix(from: start)
        let count = below.labelCount - qname.suffix(from: answer.apexOffset).labelCount
        let cluster = below.labels.prefix(count).map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: ".")
        return "unknown cluster '\(cluster)'; known: \(table.knownClusters)"
    }
}
