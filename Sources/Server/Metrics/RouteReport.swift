import Forwarding
import Metrics

/// What all workers together have counted of a route.
struct RouteReport {
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    /// By transport and code, as `RouteCounter.replies` places them.
    var replies = [UInt64](repeating: 0, count: 2 * RouteCounter.codeCount)
    var latency = Histogram()

    var total: UInt64 { replies.reduce(0, &+) }

    init(_ workers: [WorkerMetrics], row: Int) {
        for worker in workers {
            hits &+= worker.routes.value(row: row, place: RouteCounter.hits)
            misses &+= worker.routes.value(row: row, place: RouteCounter.misses)
            for i in replies.indices { replies[i] &+= worker.routes.value(row: row, place: i) }
            latency.add(worker.routes, row: row, at: RouteCounter.missLatency)
        }
    }

    /// The response codes with counters of their own, and what all others are.
    static let codes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "other"]
}

/// What all workers together have counted of a server.
struct UpstreamReport {
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    var failures = [UInt64](repeating: 0, count: UpstreamFailureReason.allCases.count)
    var roundTrip = Histogram()

    init(_ workers: [WorkerMetrics], row: Int) {
        for worker in workers {
            sent &+= worker.upstreams.value(row: row, place: UpstreamCounter.sent)
            answered &+= worker.upstreams.value(row: row, place: UpstreamCounter.answered)
            for i in failures.indices {
                failures[i] &+= worker.upstreams.value(row: row, place: UpstreamCounter.failures + i)
            }
            roundTrip.add(worker.upstreams, row: row, at: UpstreamCounter.roundTrip)
        }
    }
}

extension MetricsRegistry {
    /// Queries received.
    var queries: UInt64 { value(.queriesUDP) &+ value(.queriesTCP) }

    /// What the workers say of themselves, summed up.
    func value(_ value: WorkerValue) -> UInt64 {
        workers.reduce(0) { $0 &+ $1.own.value(row: 0, place: value.rawValue) }
    }

    /// The time of hits.
    var hitLatency: Histogram {
        var sum = Histogram()
        for worker in workers { sum.add(worker.own, row: 0, at: WorkerValue.hitLatency) }
        return sum
    }
}
