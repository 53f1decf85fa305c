/// Two samples as lines of text.
struct TopView {
    private let current: TopSample
    private let previous: TopSample

    init(_ current: TopSample, since previous: TopSample) {
        self.current = current
        self.previous = previous
    }

    /// The lines; with many clusters those that fit into `rows`, the ones in trouble first.
    func lines(rows: Int) -> [String] {
        let clusters = current.clusters.map { ordered($0) } ?? []
        let room = max(0, rows - 6)
        let shown = clusters.prefix(room)
        let rest = clusters.count - shown.count
        var lines = head
        if !shown.isEmpty {
            lines.append(Self.columns("CLUSTER", "HITS/s", "MISSES/s", "P50 ms", "P99 ms", "SERVERS"))
        }
        lines += shown.map { line(of: $0) }
        if rest > 0 { lines.append("and \(rest) more") }
        return lines
    }

    private var head: [String] {
        let status = current.status
        let queries = rate(total(current), total(previous))
        let hits = status.cache.hits &- previous.status.cache.hits
        let misses = status.cache.misses &- previous.status.cache.misses
        let share =
            hits + misses == 0 ? "-" : "\(Figures.tenths(Double(hits) / Double(hits + misses) * 100)) %"
        let drained = status.drained.isEmpty ? "" : "   drained: \(status.drained.joined(separator: ", "))"
        return [
            "switchyard \(status.version), up \(Figures.time(status.uptimeSeconds))",
            "queries: \(queries)/s   hit rate: \(share)\(drained)",
            "",
        ]
    }

    private func total(_ sample: TopSample) -> UInt64 {
        sample.status.queries.udp + sample.status.queries.tcp
    }

    private func rate(_ now: UInt64, _ before: UInt64) -> String {
        let seconds = max(Double(current.readAt &- previous.readAt) / 1e9, 0.001)
        return Figures.tenths(Double(now - min(now, before)) / seconds)
    }

    private func ordered(_ clusters: [TopSample.Cluster]) -> [TopSample.Cluster] {
        let isTroubled = { (cluster: TopSample.Cluster) in
            cluster.servers.contains { $0.state != "up" } || current.status.drained.contains(cluster.name)
        }
        return clusters.filter(isTroubled) + clusters.filter { !isTroubled($0) }
    }

    private func line(of cluster: TopSample.Cluster) -> String {
        let before = previous.clusters?.first { $0.name == cluster.name } ?? cluster
        let servers = cluster.servers.map { server in
            let time = server.roundTripMilliseconds.map { " \(Figures.tenths($0)) ms" } ?? ""
            return "\(server.address) \(server.state)\(time)"
        }
        let isDrained = current.status.drained.contains(cluster.name)
        return Self.columns(
            cluster.name,
            rate(cluster.hits, before.hits),
            rate(cluster.misses, before.misses),
            cluster.latency.p50.map(Figures.tenths) ?? "-",
            cluster.latency.p99.map(Figures.tenths) ?? "-",
            (isDrained ? "drained: " : "") + servers.joined(separator: ", ")
        )
    }

    private static func columns(_ name: String, _ numbers: String...) -> String {
        let padded = numbers.dropLast().map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }
        let label = name.count < 24 ? name + String(repeating: " ", count: 24 - name.count) : name
        return label + padded.joined() + "  " + (numbers.last ?? "")
    }
}
