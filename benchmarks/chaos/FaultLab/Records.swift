import EventLoop
import FoundationEssentials

/// The resident memory of a process from the beginning of a fault on.
final class MemoryRecord {
    private let pid: Int32
    private var first: Int?
    private var most = 0
    private var lastAt: UInt64 = 0

    private static let pageSize = 4_096
    /// Nanoseconds.
    private static let interval: UInt64 = 100_000_000

    init(pid: Int32) { self.pid = pid }

    /// Octets by which the memory grew; nil when the process was gone.
    var growth: Int? { first.map { most - $0 } }

    func begin() {
        first = resident
        most = first ?? 0
    }

    func record() {
        let now = MonotonicClock.nanoseconds()
        guard first != nil, now >= lastAt + Self.interval else { return }
        lastAt = now
        guard let resident else {
            first = nil
            return
        }
        most = max(most, resident)
    }

    /// The second number of statm, in pages.
    private var resident: Int? {
        let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
        let fields = (text ?? "").split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Self.pageSize } : nil
    }
}

/// How many queries the broken server gets per second in the second half of a fault.
final class TrialRecord {
    private(set) var rate = 0.0
    private let middle: UInt64
    private var begun: UInt64?
    private var first: (queries: Int, at: UInt64)?

    /// - Parameter middle: nanoseconds from the beginning of the fault.
    init(middle: UInt64) { self.middle = middle }

    func begin() { begun = MonotonicClock.nanoseconds() }

    func record(_ received: Int) {
        let now = MonotonicClock.nanoseconds()
        guard first == nil, let begun, now >= begun + middle else { return }
        first = (received, now)
    }

    func end(_ received: Int) {
        let now = MonotonicClock.nanoseconds()
        guard let first, now > first.at else { return }
        rate = Double(received - first.queries) * 1e9 / Double(now - first.at)
    }
}
