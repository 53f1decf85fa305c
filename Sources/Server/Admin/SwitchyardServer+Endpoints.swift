import Configuration
import EventLoop
import HTTP
import Metrics

extension SwitchyardServer {
    /// Everything that the admin port and the control socket serve, one line each.
    var endpoints: [AdminEndpoint] {
        [
            .get("/health") { $0.answer(.text("ok")) },
            .get("/api/status") { [unowned self] in $0.answer(JSON.response(status())) },
        ] + controlEndpoints
    }

    private func status() -> ServerStatus {
        ServerStatus(
            version: ServerVersion.number,
            uptimeSeconds: Double(MonotonicClock.nanoseconds() - startedAt) / 1e9,
            workers: workers.count,
            listen: listening.map(\.description),
            clusters: configuration.clusters.count,
            drained: drainedClusters,
            queries: .init(udp: metrics.value(.queriesUDP), tcp: metrics.value(.queriesTCP)),
            cache: .init(hits: metrics.value(.cacheHits), misses: metrics.value(.cacheMisses))
        )
    }
}
