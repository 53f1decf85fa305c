import EventLoop
import FoundationEssentials
import Metrics

/// Remembers for the dashboard what the counters said every few seconds of the last 15 minutes.
///
/// Main thread. Takes 1.5 KiB for each route and for each of its servers, of 256 routes at most.
final class History {
    static let intervalSeconds = 5
    static let capacity = 180
    static let routesMax = 256
    static let incidentsMax = 100

    /// What is counted at a moment.
    struct Reading {
        var queries: UInt64
        var hits: UInt64
        var misses: UInt64
        var failures: UInt64
        var hitLatency: Histogram
        var missLatency: Histogram
        /// The first `routesMax`.
        var routes: [ClusterStatus]
        var routeCount: Int
        var drained: Set<String>
    }

    private var last: Reading?
    private var sequence = 0
    private var total = HistoryReport.Total()
    private var routes: [String: RouteHistory] = [:]
    private var order: [String] = []
    private var omitted = 0
    private var incidents: [HistoryReport.Incident] = []
    private let read: () -> Reading
    private var timer: Timer?

    init(_ loop: EventLoop, read: @escaping () -> Reading) throws(SystemError) {
        self.read = read
        timer = try Timer(loop) { [unowned self] in sample() }
        timer?.schedule(afterMilliseconds: Self.intervalSeconds * 1000)
    }

    private func sample() {
        note(read(), at: Date.now.timeIntervalSince1970)
        timer?.schedule(afterMilliseconds: Self.intervalSeconds * 1000)
    }

    // MARK: - Samples

    /// Adds a sample: what came since the reading before.
    func note(_ reading: Reading, at time: Double) {
        defer { last = reading }
        omitted = reading.routeCount - reading.routes.count
        order = reading.routes.map(\.name)
        let before = Dictionary((last?.routes ?? []).map { ($0.name, $0) }) { first, _ in first }
        let gone = Set(routes.keys).subtracting(order)
        for name in gone { routes[name] = nil }
        for status in reading.routes {
            routes[status.name, default: RouteHistory()].note(
                status,
                since: before[status.name],
                isDrained: reading.drained.contains(status.name),
                sequence: sequence
            )
            noteIncidents(status, since: before[status.name], at: time)
        }
        noteTotal(reading)
        sequence += 1
    }

    private func noteTotal(_ reading: Reading) {
        guard let last else {
            // The first has nothing to compare with.
            return total.append(queries: 0, hits: 0, misses: 0, failures: 0, Histogram(), Histogram())
        }
        total.append(
            queries: Self.rate(reading.queries, last.queries),
            hits: Self.rate(reading.hits, last.hits),
            misses: Self.rate(reading.misses, last.misses),
            failures: Self.rate(reading.failures, last.failures),
            reading.hitLatency.since(last.hitLatency),
            reading.missLatency.since(last.missLatency)
        )
    }

    private func noteIncidents(_ status: ClusterStatus, since before: ClusterStatus?, at time: Double) {
        for server in status.servers where server.route == status.name {
            let earlier = before?.servers.first { $0.address == server.address }
            for (reason, count) in server.failures.sorted(by: { $0.key < $1.key }) {
                let known = earlier?.failures[reason] ?? 0
                guard count > known else { continue }
                incidents.append(
                    HistoryReport.Incident(
                        time: time,
                        route: status.name,
                        server: server.address,
                        reason: reason,
                        count: count - known
                    )
                )
            }
        }
        let oldest = time - Double(Self.capacity * Self.intervalSeconds)
        incidents = Array(incidents.drop { $0.time < oldest }.suffix(Self.incidentsMax))
    }

    /// What a counter grew by, per second.
    static func rate(_ now: UInt64, _ before: UInt64) -> Double {
        now > before ? Double(now - before) / Double(intervalSeconds) : 0
    }

    // MARK: - Report

    /// The samples behind the one with the number `after`; all where that is not known any more.
    func report(after: Int?) -> HistoryReport {
        let isWhole = after.map { $0 > sequence || $0 < sequence - Self.capacity } ?? true
        let count = isWhole ? Self.capacity : sequence - (after ?? 0)
        return HistoryReport(
            intervalSeconds: Self.intervalSeconds,
            capacity: Self.capacity,
            sequence: sequence,
            isWhole: isWhole,
            total: total.last(count),
            routes: order.compactMap { routes[$0]?.report(last: count) },
            omittedRoutes: omitted,
            incidents: incidents
        )
    }
}

extension HistoryReport.Total {
    fileprivate mutating func append(
        queries: Double,
        hits: Double,
        misses: Double,
        failures: Double,
        _ hitLatency: Histogram,
        _ missLatency: Histogram
    ) {
        self.queries.keep(queries)
        self.hits.keep(hits)
        self.misses.keep(misses)
        self.failures.keep(failures)
        let (hit, miss) = (Percentiles(hitLatency), Percentiles(missLatency))
        hitMedianMilliseconds.keep(hit.p50)
        hitP99Milliseconds.keep(hit.p99)
        missMedianMilliseconds.keep(miss.p50)
        missP99Milliseconds.keep(miss.p99)
    }

    fileprivate func last(_ count: Int) -> HistoryReport.Total {
        HistoryReport.Total(
            queries: Array(queries.suffix(count)),
            hits: Array(hits.suffix(count)),
            misses: Array(misses.suffix(count)),
            failures: Array(failures.suffix(count)),
            hitMedianMilliseconds: Array(hitMedianMilliseconds.suffix(count)),
            hitP99Milliseconds: Array(hitP99Milliseconds.suffix(count)),
            missMedianMilliseconds: Array(missMedianMilliseconds.suffix(count)),
            missP99Milliseconds: Array(missP99Milliseconds.suffix(count))
        )
    }
}

extension Array {
    /// Appends a sample; the oldest goes when there are too many.
    mutating func keep(_ sample: Element) {
        append(sample)
        if count > History.capacity { removeFirst() }
    }
}

extension Histogram {
    /// The times that came since an earlier state.
    fileprivate func since(_ before: Histogram) -> Histogram {
        var difference = self
        for place in counts.indices { difference.counts[place] &-= before.counts[place] }
        return difference
    }
}
