/// The classes that times are counted in.
public enum Latency {
    /// The upper bounds in microseconds; a thirteenth class holds what is above the last.
    public static let boundsMicroseconds: [UInt64] = [
        10, 50, 100, 500, 1000, 5000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000,
    ]
    /// Counters of a histogram: the classes, and the sum of all times in microseconds.
    public static let length = 14
    static let sum = 13

    /// The place of a time's class.
    static func bucket(_ microseconds: UInt64) -> Int {
        boundsMicroseconds.firstIndex { microseconds <= $0 } ?? boundsMicroseconds.count
    }
}

extension CounterTable {
    /// Counts a time, `count` times, in the histogram that begins at a place.
    ///
    /// On the owner's thread only.
    public func observe(microseconds: UInt64, count: UInt64 = 1, row: Int, at start: Int) {
        add(count, row: row, place: start + Latency.bucket(microseconds))
        add(count &* microseconds, row: row, place: start + Latency.sum)
    }
}

/// How often times of each class were counted.
public struct Histogram: Sendable, Equatable {
    /// By class, not summed up.
    public var counts = [UInt64](repeating: 0, count: Latency.boundsMicroseconds.count + 1)
    public var sumMicroseconds: UInt64 = 0

    public init() {}

    /// Times that were counted.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Adds what a table has counted.
    public mutating func add(_ table: CounterTable, row: Int, at start: Int) {
        for i in counts.indices { counts[i] &+= table.value(row: row, place: start + i) }
        sumMicroseconds &+= table.value(row: row, place: start + Latency.sum)
    }

    public static func + (left: Histogram, right: Histogram) -> Histogram {
        var sum = left
        for i in sum.counts.indices { sum.counts[i] &+= right.counts[i] }
        sum.sumMicroseconds &+= right.sumMicroseconds
        return sum
    }

    /// The time that this share of all is not above, within a class by straight interpolation; nil without times.
    ///
    /// What is above the last bound counts as the bound.
    public func percentileMicroseconds(_ share: Double) -> Double? {
        let total = count
        guard total > 0 else { return nil }
        let wanted = share * Double(total)
        var below = 0.0
        var lower = 0.0
        for (place, bound) in Latency.boundsMicroseconds.enumerated() {
            let here = Double(counts[place])
            if here > 0, below + here >= wanted {
                return lower + (Double(bound) - lower) * max(wanted - below, 0) / here
            }
            below += here
            lower = Double(bound)
        }
        return lower
    }
}
