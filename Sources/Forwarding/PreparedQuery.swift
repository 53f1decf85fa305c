import AnswerCache
import DNSWire
import Routing

/// A query of a batch that was read and has a route, before it is looked up.
struct PreparedQuery {
    private(set) var verdict = QueryVerdict.drop
    /// Nil for what has no route: malformed messages, other classes, types that are no data.
    private(set) var decision: RoutingDecision?
    /// Complete when the decision is to forward.
    private(set) var key = CacheKey(DomainName())

    var isForwarded: Bool {
        if case .forward = decision { true } else { false }
    }

    /// Reads a client's message in place of the one before.
    mutating func read(_ message: borrowing RawSpan, _ table: RoutingTable, seed: UInt64) {
        decision = nil
        verdict = Query.parse(message)
        guard case .query(let query) = verdict, query.qclass == .internet,
            !query.qtype.isMeta || query.qtype == .any
        else { return }
        key.setName(message, at: WireLimits.headerLength, length: query.qnameLength)
        let found = table.decide(key.name, query.qtype)
        decision = found
        guard case .forward(let route) = found else { return }
        key.finish(
            query.qtype,
            table,
            route,
            dnssecOK: query.edns.dnssecOK,
            checkingDisabled: query.flags.checkingDisabled,
            seed: seed
        )
    }
}

extension CacheKey {
    /// Completes a key: what a mapped route answers depends on neither DO nor CD.
    mutating func finish(
        _ qtype: RecordType,
        _ table: RoutingTable,
        _ route: RouteID,
        dnssecOK: Bool,
        checkingDisabled: Bool,
        seed: UInt64
    ) {
        let isMapped = table.isMapped(route)
        finish(
            tag: table.cacheTag(route),
            qtype: qtype,
            dnssecOK: dnssecOK && !isMapped,
            checkingDisabled: checkingDisabled && !isMapped,
            seed: seed
        )
    }
}
