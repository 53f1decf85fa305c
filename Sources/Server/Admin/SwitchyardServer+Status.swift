import AnswerCache
import Configuration
import EventLoop
import Forwarding
import HTTP
import Metrics
import Routing

// What the server says of itself over HTTP.
extension SwitchyardServer {
    func answerHealth(_ exchange: HTTPExchange) {
        guard let health else { return exchange.answer(.text("stopping", status: 503)) }
        health.check { problem in
            guard let problem else { return exchange.answer(.text("ok")) }
            exchange.answer(.text("the server does not answer its own query: \(problem)", status: 503))
        }
    }

    func answerMetrics(_ exchange: HTTPExchange) {
        guard let snapshot = keeper?.current else {
            return exchange.answer(.text("not started yet", status: 503))
        }
        let report = MetricsReport(
            registry: metrics,
            snapshot: snapshot,
            cache: cache,
            reload: reloadStatus,
            startSeconds: startSeconds
        )
        exchange.answer(report.write().response)
    }

    func answerReadiness(_ exchange: HTTPExchange) {
        let readiness = readiness()
        exchange.answer(JSON.response(readiness, status: readiness.isReady ? 200 : 503))
    }

    /// Whether queries can be answered: sockets are bound, and clusters can be reached as `admin.ready` asks.
    private func readiness() -> Readiness {
        let routes = keeper?.current?.table.routes.dropFirst() ?? []
        let unreachable = routes.filter { !isReachable($0) }.map(\.name)
        let policy = configuration.admin.ready
        let isEnough =
            switch policy {
            case .none: true
            case .any: routes.isEmpty || unreachable.count < routes.count
            case .all: unreachable.isEmpty
            }
        return Readiness(
            isReady: isEnough && !workers.isEmpty && rates != nil,
            policy: policy.rawValue,
            clusters: routes.count,
            unreachable: Array(unreachable.prefix(100)),
            unreachableCount: unreachable.count
        )
    }

    private func isReachable(_ route: Route) -> Bool {
        guard let snapshot = keeper?.current else { return false }
        return route.upstreams.contains { !snapshot.health[Int($0.rawValue)].isDown }
    }

    // MARK: - Status

    /// The configuration in use.
    func configurationReport() -> ConfigurationReport {
        ConfigurationReport(keeper?.configuration ?? configuration)
    }

    func status() -> ServerStatus {
        let hits = metrics.value(.cacheHits)
        let misses = metrics.value(.cacheMisses)
        let lookups = hits + misses
        return ServerStatus(
            version: ServerVersion.number,
            uptimeSeconds: Double(MonotonicClock.nanoseconds() - startedAt) / 1e9,
            workers: workers.count,
            listen: listening.map(\.description),
            clusters: max(0, (keeper?.current?.table.routes.count ?? 1) - 1),
            drained: drainedClusters,
            queries: queryStatus(),
            cache: .init(
                hits: hits,
                misses: misses,
                stale: metrics.value(.staleAnswers),
                hitRate: lookups > 0 ? Double(hits) / Double(lookups) : nil
            ),
            latency: .init(hit: Percentiles(metrics.hitLatency), miss: Percentiles(missLatency())),
            memoryBytes: ProcessFigures().residentBytes,
            reload: reloadStatus.map(ServerStatus.Reload.init)
        )
    }

    private func queryStatus() -> ServerStatus.Queries {
        ServerStatus.Queries(
            udp: metrics.value(.queriesUDP),
            tcp: metrics.value(.queriesTCP),
            perSecond: rates?.perSecond(over: 1) ?? 0,
            perSecond10s: rates?.perSecond(over: 10) ?? 0,
            perSecond60s: rates?.perSecond(over: 60) ?? 0
        )
    }

    private func missLatency() -> Histogram {
        let rows = keeper?.current?.metricRows.routeNames.count ?? 0
        return (0..<rows).reduce(Histogram()) { $0 + RouteReport(metrics.workers, row: $1).latency }
    }

    func cacheStatus() -> CacheStatus {
        let statistics = cache?.statistics
        return CacheStatus(
            sizeBytes: cache?.sizeBytes ?? 0,
            entries: statistics?.entries ?? 0,
            entryBytes: statistics?.liveBytes ?? 0,
            usedBytes: statistics?.usedBytes ?? 0,
            freeBytes: statistics?.freeBytes ?? 0,
            overheadBytes: statistics?.overheadBytes ?? 0,
            insertions: statistics?.insertions ?? 0,
            evictions: statistics?.evictions ?? 0,
            hits: metrics.value(.cacheHits),
            misses: metrics.value(.cacheMisses),
            stale: metrics.value(.staleAnswers)
        )
    }

    // MARK: - Clusters

    func clusterStatuses() -> [ClusterStatus] {
        guard let snapshot = keeper?.current else { return [] }
        let definitions = keeper?.configuration.clusters ?? []
        let byName = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
        return snapshot.table.routes.enumerated().map { place, route in
            let definition = place == 0 ? nil : byName[route.name]
            let row = Int(snapshot.metricRows.routes[place])
            let report = RouteReport(metrics.workers, row: row)
            return ClusterStatus(
                name: route.name,
                zone: definition?.zone.hostName,
                clusterDomain: definition?.clusterDomain.hostName,
                isReachable: isReachable(route),
                servers: route.upstreams.map { upstreamStatus($0, snapshot) },
                pending: snapshot.routeStates[place].pending,
                hits: report.hits,
                misses: report.misses,
                replies: report.repliesByCode,
                latency: Percentiles(report.latency)
            )
        }
    }

    func upstreamStatuses() -> [UpstreamStatus] {
        guard let snapshot = keeper?.current else { return [] }
        var seen: Set<UpstreamID> = []
        return snapshot.table.routes.flatMap(\.upstreams).filter { seen.insert($0).inserted }
            .map { upstreamStatus($0, snapshot) }
    }

    private func upstreamStatus(_ id: UpstreamID, _ snapshot: ForwardingSnapshot) -> UpstreamStatus {
        let place = Int(id.rawValue)
        let health = snapshot.health[place]
        let upstream = snapshot.table.upstreams[place]
        let row = Int(snapshot.metricRows.upstreams[place])
        let report = UpstreamReport(metrics.workers, row: row)
        return UpstreamStatus(
            address: upstream.description,
            route: snapshot.metricRows.servers[row].route,
            state: health.stateName,
            roundTripMilliseconds: health.roundTripMilliseconds,
            sent: report.sent,
            answered: report.answered,
            failures: report.failuresByReason,
            trouble: health.troubleSentence(of: upstream)
        )
    }
}

extension Percentiles {
    init(_ histogram: Histogram) {
        func milliseconds(_ share: Double) -> Double? {
            histogram.percentileMicroseconds(share).map { $0 / 1000 }
        }
        self.init(p50: milliseconds(0.5), p90: milliseconds(0.9), p99: milliseconds(0.99))
    }
}

extension ServerStatus.Reload {
    init(_ status: ReloadStatus) {
        self.init(
            count: status.count,
            failures: status.failureCount,
            lastSucceeded: status.lastSucceeded,
            lastSuccessSeconds: status.lastSuccessSeconds,
            problems: status.problems,
            keysAwaitingRestart: status.keysAwaitingRestart
        )
    }
}

extension RouteReport {
    fileprivate var repliesByCode: [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for (place, count) in replies.enumerated() where count > 0 {
            counts[Self.codes[place % Self.codes.count], default: 0] += count
        }
        return counts
    }
}

extension UpstreamReport {
    fileprivate var failuresByReason: [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for reason in UpstreamFailureReason.allCases where failures[reason.rawValue] > 0 {
            counts[reason.label] = failures[reason.rawValue]
        }
        return counts
    }
}
