import CacheTraces
import Foundation

/// How often the cache hits, beside LRU and FIFO of equal size.
enum HitRateBenchmark {
    private static let names = 200_000
    private static let count = 2_000_000

    /// Replays all traces and prints a table.
    static func run() {
        print("| trace | entries | switchyard | LRU | FIFO |")
        print("|---|---:|---:|---:|---:|")
        for sizeBytes in [1 << 20, 4 << 20] {
            for (title, shape) in shapes {
                let trace = Trace(title, shape, names: names, count: count)
                line(trace, HitRates(trace, sizeBytes: sizeBytes))
            }
            // A tenth more names than LRU has room for.
            let capacity = HitRates(Trace("", .loop, names: 1, count: 1), sizeBytes: sizeBytes).capacity
            let loop = Trace(
                "loop over 1.1 times the capacity",
                .loop,
                names: capacity * 11 / 10,
                count: count
            )
            line(loop, HitRates(loop, sizeBytes: sizeBytes))
        }
    }

    private static let shapes: [(String, Trace.Shape)] = [
        ("Zipf 1.0", .zipf(1)),
        ("Zipf 0.8", .zipf(0.8)),
        ("Zipf 1.0, 20 % one-time names", .zipfWithScan(1, oneTime: 0.2)),
        ("Zipf 1.0, 50 % one-time names", .zipfWithScan(1, oneTime: 0.5)),
        ("Zipf 0.8, 20 % one-time names", .zipfWithScan(0.8, oneTime: 0.2)),
        ("Zipf 0.8, 50 % one-time names", .zipfWithScan(0.8, oneTime: 0.5)),
        ("Zipf 1.0, ten scans of 40,000 names", .zipfWithBursts(1, names: 40_000)),
        ("Zipf 1.0, popular set changes half-way", .zipfWithShift(1)),
        ("Zipf 0.8, popular set changes half-way", .zipfWithShift(0.8)),
    ]

    private static func line(_ trace: Trace, _ rates: HitRates) {
        let shares = [rates.switchyard, rates.lru, rates.fifo].map { String(format: "%.1f %%", $0 * 100) }
        print("| \(trace.title) | \(rates.capacity) | \(shares.joined(separator: " | ")) |")
    }
}
