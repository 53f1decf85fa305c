import AnswerCache
import CacheTraces
import DNSWire

/// What it costs to store an answer, with room and without.
enum InsertBenchmark {
    /// Stores `count` names into a cache of `megabytes`, and prints nanoseconds for each.
    static func run(megabytes: Int, count: Int) {
        let cache = AnswerCache(sizeBytes: megabytes << 20, seed: 1)
        var samples = SampleNames()
        let time = ContinuousClock().measure {
            for i in 0..<count { samples.insert(i, cache, now: 0) }
        }
        let found = cache.statistics
        print(
            "insert \(LookupBenchmark.perCall(time, count)) ns, entries \(found.entries), evictions \(found.evictions)"
        )
    }
}
