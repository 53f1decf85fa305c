import AnswerCache
import CacheTraces

/// How many answers with one address a cache holds, and the octets of each.
enum MemoryBenchmark {
    /// Offers twice as many names as fit to a cache of `megabytes`, and prints what it holds then.
    static func run(megabytes: Int) {
        let cache = AnswerCache(sizeBytes: megabytes << 20, seed: 1)
        var samples = SampleNames()
        for i in 0..<(cache.sizeBytes / 50) { samples.insert(i, cache, now: 0) }
        let found = cache.statistics
        let unreachable = Double(found.usedBytes - found.liveBytes) / Double(found.usedBytes) * 100
        print("\(megabytes) MiB: \(found.entries) entries of \(found.liveBytes / found.entries) octets")
        print("\(cache.sizeBytes / found.entries) octets of cache for each")
        print("index, ghosts and headers: \(found.overheadBytes * 100 / cache.sizeBytes) % of the cache")
        print("in the rings, but not to be found: \(unreachable) %")
    }
}
