import AnswerCache
import Forwarding
import Metrics
import Routing

/// Everything that `/metrics` says.
///
/// Reads counters that others write meanwhile: each is right, but not all are of the same moment.
struct MetricsReport {
    let registry: MetricsRegistry
    let snapshot: ForwardingSnapshot
    let cache: AnswerCache?
    let reload: ReloadStatus?
    /// When the process started, in seconds since 1970.
    let startSeconds: Double

    /// Writes it.
    func write() -> MetricsText {
        var text = MetricsText()
        writeCounters(&text)
        writeRoutes(&text)
        writeUpstreams(&text)
        writeState(&text)
        writeCache(&text)
        writeServer(&text)
        writeProcess(&text)
        return text
    }

    private func writeCounters(_ text: inout MetricsText) {
        var last = ""
        for counter in Counter.allCases where counter != .drops {
            let metric = counter.metric
            if metric.name != last {
                text.begin(MetricFamily(name: metric.name, kind: .counter, help: metric.help))
            }
            last = metric.name
            text.sample(metric.name, metric.label, Double(registry.value(counter)))
        }
        text.begin(.dropped)
        let drops = Counter.drops.metric
        text.sample(drops.name, drops.label, Double(registry.value(.drops)))
        for (reason, value) in [
            ("send_buffer_full", WorkerValue.sendBufferFull), ("send_failed", .sendFailed),
            ("receive_failed", .receiveFailed),
        ] {
            let label = MetricsText.label("reason", reason)
            text.sample(MetricFamily.dropped.name, label, Double(registry.value(value)))
        }
    }

    // MARK: - Routes

    private func writeRoutes(_ text: inout MetricsText) {
        let rows = snapshot.metricRows
        let routes = rows.routeNames.indices.compactMap { row -> (label: String, report: RouteReport)? in
            let report = RouteReport(registry.workers, row: row)
            // Clusters that nobody has asked for would only be lines.
            if report.total == 0, report.misses == 0 { return nil }
            return (MetricsText.label("route", rows.routeNames[row]), report)
        }
        text.begin(.queries)
        for (label, report) in routes { writeReplies(&text, label, report) }
        text.begin(.routeHits)
        for (label, report) in routes {
            text.sample(MetricFamily.routeHits.name, label, Double(report.hits))
        }
        text.begin(.routeMisses)
        for (label, report) in routes {
            text.sample(MetricFamily.routeMisses.name, label, Double(report.misses))
        }
        text.begin(.missLatency)
        for (label, report) in routes where report.latency.count > 0 {
            text.histogram(MetricFamily.missLatency.name, label, report.latency)
        }
        text.begin(.hitLatency)
        text.histogram(MetricFamily.hitLatency.name, "", registry.hitLatency)
    }

    private func writeReplies(_ text: inout MetricsText, _ label: String, _ report: RouteReport) {
        for (place, count) in report.replies.enumerated() where count > 0 {
            let transport = place < RouteCounter.codeCount ? "udp" : "tcp"
            let code = RouteReport.codes[place % RouteCounter.codeCount]
            let labels = "transport=\"\(transport)\",\(label),rcode=\"\(code)\""
            text.sample(MetricFamily.queries.name, labels, Double(count))
        }
    }

    // MARK: - Servers

    private func writeUpstreams(_ text: inout MetricsText) {
        let rows = snapshot.metricRows
        let servers = rows.servers.indices.compactMap {
            row -> (labels: String, report: UpstreamReport)? in
            let report = UpstreamReport(registry.workers, row: row)
            if report.sent == 0 { return nil }
            return (Self.labels(rows.servers[row]), report)
        }
        text.begin(.upstreamSent)
        for (labels, report) in servers {
            text.sample(MetricFamily.upstreamSent.name, labels, Double(report.sent))
        }
        text.begin(.upstreamAnswered)
        for (labels, report) in servers {
            text.sample(MetricFamily.upstreamAnswered.name, labels, Double(report.answered))
        }
        text.begin(.upstreamFailures)
        for (labels, report) in servers {
            for reason in UpstreamFailureReason.allCases where report.failures[reason.rawValue] > 0 {
                let label = "\(labels),reason=\"\(reason.label)\""
                text.sample(
                    MetricFamily.upstreamFailures.name,
                    label,
                    Double(report.failures[reason.rawValue])
                )
            }
        }
        text.begin(.upstreamRoundTrip)
        for (labels, report) in servers where report.roundTrip.count > 0 {
            text.histogram(MetricFamily.upstreamRoundTrip.name, labels, report.roundTrip)
        }
    }

    private static func labels(_ server: MetricRows.Server) -> String {
        let route = MetricsText.label("route", server.route)
        return "\(route),\(MetricsText.label("upstream", server.upstream?.description ?? "other"))"
    }

    private func writeState(_ text: inout MetricsText) {
        let rows = snapshot.metricRows
        text.begin(.upstreamUp)
        var seen: Set<Int32> = [0]
        for (place, row) in rows.upstreams.enumerated() where seen.insert(row).inserted {
            let isUp = !snapshot.health[place].isDown
            text.sample(MetricFamily.upstreamUp.name, Self.labels(rows.servers[Int(row)]), isUp ? 1 : 0)
        }
    }

    // MARK: - The rest

    private func writeCache(_ text: inout MetricsText) {
        guard let cache else { return }
        let statistics = cache.statistics
        text.single(.cacheEntries, Double(statistics.entries))
        text.single(.cacheBytes, Double(statistics.liveBytes))
        text.single(.cacheSize, Double(cache.sizeBytes))
        text.single(.cacheInsertions, Double(statistics.insertions))
        text.single(.cacheEvictions, Double(statistics.evictions))
    }

    private func writeServer(_ text: inout MetricsText) {
        text.single(.connections, Double(registry.value(.connectionsAccepted)))
        text.begin(.connectionsRefused)
        let refused = MetricFamily.connectionsRefused.name
        text.sample(refused, "reason=\"total\"", Double(registry.value(.connectionsRefusedInAll)))
        text.sample(refused, "reason=\"client\"", Double(registry.value(.connectionsRefusedPerClient)))
        text.single(.connectionsOpen, Double(registry.value(.connectionsOpen)))
        text.single(.pendingQueries, Double(registry.value(.pendingQueries)))
        text.single(.waitingClients, Double(registry.value(.waitingClients)))
        if let reload { write(reload, &text) }
        text.begin(.build)
        text.sample(MetricFamily.build.name, MetricsText.label("version", ServerVersion.number), 1)
        text.single(.workers, Double(registry.workers.count))
        text.single(.clusters, Double(snapshot.table.routes.count - 1))
    }

    private func write(_ reload: ReloadStatus, _ text: inout MetricsText) {
        text.begin(.reloads)
        let good = reload.count - reload.failureCount
        text.sample(MetricFamily.reloads.name, "result=\"success\"", Double(good))
        text.sample(MetricFamily.reloads.name, "result=\"failure\"", Double(reload.failureCount))
        text.single(.reloadSuccess, reload.lastSucceeded ? 1 : 0)
        text.single(.reloadTime, reload.lastSuccessSeconds)
    }

    private func writeProcess(_ text: inout MetricsText) {
        let figures = ProcessFigures()
        text.single(.cpu, figures.cpuSeconds)
        text.single(.resident, figures.residentBytes)
        text.single(.virtual, figures.virtualBytes)
        text.single(.openFiles, Double(figures.openFiles))
        text.single(.threads, Double(figures.threads))
        text.single(.startTime, startSeconds)
    }
}
