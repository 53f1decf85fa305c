import AnswerCache
import DNSWire
import Forwarding
import Routing

/// What operators ask for and have done, at one moment.
///
/// Control thread.
struct OperatorDesk {
    let snapshot: ForwardingSnapshot
    let cache: AnswerCache?
    let failures: AnswerCache
    /// Milliseconds of `MonotonicClock`.
    let now: UInt64

    /// A request's fields: names and values.
    typealias Fields = [(name: String, value: String)]

    // MARK: - Explain

    /// The question of a request: `name`, `type` (A when missing) and whether it is to be asked, too.
    static func question(
        _ fields: Fields
    ) throws(ControlProblem) -> (name: DomainName, type: RecordType, isLive: Bool) {
        let fields = try ControlFields(fields, known: ["name", "type", "live"])
        guard let name = try fields.domainName("name") else {
            throw ControlProblem("`name` is missing; give the name to explain")
        }
        return (name, try fields.recordType("type") ?? .a, try fields.flag("live"))
    }

    func explain(_ name: DomainName, _ type: RecordType) -> ExplainReport {
        ExplainReport(
            Explainer(snapshot, cache: cache, failures: failures, now: now).explain(name, type)
        )
    }

    // MARK: - Flush

    /// Takes out of both caches what the fields say.
    func flush(_ fields: Fields) throws(ControlProblem) -> FlushReport {
        let fields = try ControlFields(fields, known: ["name", "type", "subtree", "negative", "cluster"])
        var selection = FlushSelection(
            name: try fields.domainName("name"),
            includesSubtree: try fields.flag("subtree"),
            type: try fields.recordType("type"),
            negativesOnly: try fields.flag("negative")
        )
        if selection.includesSubtree, selection.name == nil {
            throw ControlProblem("`subtree` needs a `name`; give the name at its top")
        }
        if let cluster = fields["cluster"] { selection.tag = snapshot.table.cacheTag(try route(cluster)) }
        return FlushReport(
            answers: cache?.flush(selection) ?? 0,
            failures: failures.flush(selection)
        )
    }

    // MARK: - Drain

    /// Begins or ends the maintenance of a cluster.
    func setDrained(_ isDrained: Bool, _ fields: Fields) throws(ControlProblem) -> DrainReport {
        let fields = try ControlFields(fields, known: ["cluster"])
        guard let cluster = fields["cluster"] else {
            throw ControlProblem("`cluster` is missing; known: \(snapshot.table.knownClusters)")
        }
        let state = snapshot.routeStates[Int(try route(cluster).rawValue)]
        let hasChanged = state.isDrained != isDrained
        state.setDrained(isDrained)
        return DrainReport(
            cluster: cluster,
            isDrained: isDrained,
            hasChanged: hasChanged,
            drained: drainedClusters
        )
    }

    /// The names of the clusters that are drained.
    var drainedClusters: [String] {
        zip(snapshot.table.routes, snapshot.routeStates).filter { $1.isDrained }.map(\.0.name)
    }

    private func route(_ cluster: String) throws(ControlProblem) -> RouteID {
        let place = snapshot.table.routes.dropFirst().firstIndex { $0.name == cluster }
        guard let place else {
            let known = snapshot.table.knownClusters
            let list = known.isEmpty ? "the configuration has none" : "known: \(known)"
            throw ControlProblem("unknown cluster '\(cluster.prefix(80))'; \(list)")
        }
        return RouteID(rawValue: Int32(place))
    }
}
