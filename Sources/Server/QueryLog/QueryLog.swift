import Configuration
import DNSWire
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import QueryEvents
import Routing
import Synchronization

/// The observer: a thread that takes the events of all workers and writes the log of queries.
final class QueryLog: Sendable {
    private let configuration: QueryLogConfiguration
    private let rings: [QueryRing]
    private let names = QueryLogNames()
    private let logger: Logger
    private let isStopping = Atomic<Bool>(false)
    private let written = Atomic<UInt64>(0)
    private let dropped = Atomic<UInt64>(0)
    private let thread = Mutex<WorkerThread?>(nil)

    /// Between two looks at the rings.
    private static let intervalMicroseconds: UInt32 = 20_000
    /// Octets that are written at once.
    private static let chunk = 1 << 16

    init(_ configuration: QueryLogConfiguration, rings: [QueryRing], logger: Logger) {
        self.configuration = configuration
        self.rings = rings
        self.logger = logger
    }

    /// Starts the thread.
    func start() throws(SystemError) {
        let new = try WorkerThread.spawn(name: "query-log") { [self] in run() }
        thread.withLock { $0 = new }
    }

    /// Takes the names of another table of routes.
    func use(_ table: RoutingTable) { names.use(table) }

    /// Writes what is left and ends the thread.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    /// Records that were written, and those that were lost, since the start.
    var counts: (written: UInt64, lost: UInt64) {
        let lost = rings.reduce(dropped.load(ordering: .relaxed)) { $0 + $1.lost }
        return (written.load(ordering: .relaxed), lost)
    }

    // MARK: - The observer's thread

    private func run() {
        var target = QueryLogTarget(configuration)
        var complaints = Complaints()
        while true {
            let isLast = isStopping.load(ordering: .acquiring)
            target.look(now: MonotonicClock.nanoseconds())
            drain(into: &target)
            dropped.store(target.dropped, ordering: .relaxed)
            complaints.note(target.problem, lost: counts.lost, logger)
            if isLast { break }
            usleep(Self.intervalMicroseconds)
        }
        target.close()
    }

    private func drain(into target: inout QueryLogTarget) {
        // The wall clock may be set at any time: what is taken together has one idea of it.
        let now = MonotonicClock.nanoseconds()
        let offset = Int64(Date.now.timeIntervalSince1970 * 1e9) - Int64(now)
        var octets: [UInt8] = []
        var count = 0
        for ring in rings {
            ring.take { event, message in
                guard let record = record(event, message, offset) else { return }
                append(record, to: &octets)
                count += 1
                guard octets.count >= Self.chunk else { return }
                write(&octets, &count, to: &target)
            }
        }
        if count > 0 { write(&octets, &count, to: &target) }
    }

    private func write(_ octets: inout [UInt8], _ count: inout Int, to target: inout QueryLogTarget) {
        let before = target.dropped
        target.write(octets, records: count, now: MonotonicClock.nanoseconds())
        if target.dropped == before { written.add(UInt64(count), ordering: .relaxed) }
        octets.removeAll(keepingCapacity: true)
        count = 0
    }

    private func record(_ event: QueryEvent, _ message: borrowing RawSpan, _ offset: Int64) -> QueryRecord? {
        let route = event.routeTag == 0 ? nil : names.route(event.routeTag)
        if let clusters = configuration.clusters {
            guard let route, clusters.contains(route) else { return nil }
        }
        var record = QueryRecord(
            event: event,
            receivedAt: UInt64(max(Int64(event.receivedAt) + offset, 0)),
            message: message.toArray(),
            route: route,
            upstream: names.upstream(event.upstream)
        )
        if configuration.hashNames { record.hashName { UInt64(truncatingIfNeeded: Int64($0.hashValue)) } }
        return record
    }

    private func append(_ record: QueryRecord, to octets: inout [UInt8]) {
        switch configuration.format {
        case .text: octets += Array((QueryLogLine.text(record) + "\n").utf8)
        case .json: octets += Array((QueryLogLine.json(record) + "\n").utf8)
        case .dnstap: octets += FrameStream.data(DnstapMessage.encode(record))
        }
    }
}

/// What the log says of its own troubles, each once and losses once a minute.
private struct Complaints {
    private var problem: SystemError?
    private var lost: UInt64 = 0
    private var nextAt: UInt64 = 0

    mutating func note(_ new: SystemError?, lost newLost: UInt64, _ logger: Logger) {
        if new != problem {
            if let new { logger.warning("the query log cannot be written: \(new)") }
            if new == nil { logger.info("the query log is written again") }
            problem = new
        }
        let now = MonotonicClock.nanoseconds()
        guard newLost > lost, now >= nextAt else { return }
        logger.warning("records of the query log were lost", metadata: ["count": "\(newLost - lost)"])
        lost = newLost
        nextAt = now + 60_000_000_000
    }
}
