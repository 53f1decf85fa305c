// How the servers of a route are used: the same keys in `upstream` and in each cluster.

import DNSWire
import PresentationFormat
import Routing

extension ConfigurationReader {
    private static let defaultSettings = RouteSettings()

    /// The settings among the fields of `upstream` or a cluster.
    func routeSettings(_ fields: Fields) -> RouteSettings {
        var settings = Self.defaultSettings
        if let policy: RouteSettings.Policy = fields["policy"].flatMap({ choice($0, "policy") }) {
            settings.policy = policy
        }
        settings.hedgeMilliseconds = fields["hedge"].flatMap {
            duration($0, "hedge", in: ConfigurationLimits.hedgeMilliseconds)
        }
        if let node = fields["probe"] { settings.probe = probe(node) }
        if let node = fields["limits"] { settings.limits = limits(node) }
        return settings
    }

    private func limits(_ node: YAMLNode) -> RouteLimits {
        let fields = fields(of: node, .limits)
        var limits = RouteLimits()
        func number(_ key: String, _ range: ClosedRange<Int>) -> Int? {
            fields[key].flatMap { integer($0, key, in: range) }
        }
        limits.pendingQueries = number("pending", ConfigurationLimits.pendingQueries) ?? limits.pendingQueries
        limits.connectionsPerServer =
            number("connections", ConfigurationLimits.connectionsPerServer) ?? limits.connectionsPerServer
        limits.retryPercent = number("retries", ConfigurationLimits.retryPercent) ?? limits.retryPercent
        return limits
    }
}

// MARK: - Probe

extension ConfigurationReader {
    private func probe(_ node: YAMLNode) -> ProbeSettings {
        if case .scalar(let text, _) = node.content {
            if !["off", "false"].contains(text.lowercased()) {
                let keys = Suggestion.list(Section.probe.keys)
                report(
                    node.position,
                    "`probe` must be off or a mapping with the keys \(keys), not \(quoted(text))"
                )
            }
            return ProbeSettings(isEnabled: false)
        }
        let fields = fields(of: node, .probe)
        var probe = ProbeSettings()
        probe.name = fields["name"].flatMap { value($0, "name", Self.name) }
        probe.type = fields["type"].flatMap { value($0, "type", Self.probeType) }
        let interval = fields["interval"].flatMap {
            duration($0, "interval", in: ConfigurationLimits.probeIntervalMilliseconds)
        }
        let idle = fields["idle"].flatMap {
            duration($0, "idle", in: ConfigurationLimits.probeIdleMilliseconds)
        }
        probe.intervalMilliseconds = interval ?? probe.intervalMilliseconds
        probe.idleMilliseconds = idle ?? probe.idleMilliseconds
        func count(_ key: String) -> Int? {
            fields[key].flatMap { integer($0, key, in: ConfigurationLimits.probeCount) }
        }
        probe.fall = count("fall") ?? probe.fall
        probe.rise = count("rise") ?? probe.rise
        return probe
    }

    private static func probeType(_ text: String) throws(InvalidValue) -> RecordType {
        guard let type = RecordType(presentation: text) else {
            throw InvalidValue("\(quoted(text)) is no record type; write one such as A, AAAA, NS or SOA")
        }
        guard !type.isMeta else {
            throw InvalidValue(
                "\(quoted(text)) is no type of data that a server has; write A, AAAA, NS or SOA"
            )
        }
        return type
    }

    /// Refuses a probe for the name that clients use, because the cluster knows only its own.
    func checkProbe(_ node: YAMLNode?, _ probe: ProbeSettings, _ zone: DomainName, _ domain: DomainName) {
        guard let name = probe.name, zone != domain, name.isAtOrBelow(zone), !name.isAtOrBelow(domain),
            case .mapping(let entries)? = node?.content,
            let position = entries.first(where: { $0.key == "name" })?.value.position
        else { return }
        let own = name.offset(of: zone).flatMap { name.replacingSuffix(at: $0, with: domain) }
        report(
            position,
            "`name` must be in the servers' own names, not in those of clients;"
                + " write \((own ?? domain).presentation)"
        )
    }
}
