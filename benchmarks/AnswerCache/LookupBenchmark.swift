import AnswerCache
import CacheTraces
import DNSWire

/// What it costs to find an answer that is there.
enum LookupBenchmark {
    /// Asks `count` times for one of `names` in random order, and prints nanoseconds and a checksum.
    static func run(names: Int, count: Int) {
        let cache = AnswerCache(sizeBytes: max(64 << 20, names * 256), seed: 1)
        var samples = SampleNames()
        for i in 0..<names { samples.insert(i, cache, now: 0) }
        var reply = WireBuffer(capacity: 512)
        // Until popularity is at its most, look-ups write it.
        for _ in 0..<4 {
            for i in 0..<names { _ = lookUp(i, cache, &samples, &reply) }
        }
        var sum = 0
        let clock = ContinuousClock()
        let keys = clock.measure { sum &+= makeKeys(names, count, cache, &samples) }
        let both = clock.measure { sum &+= lookUps(names, count, cache, &samples, &reply) }
        let batched = clock.measure { sum &+= batches(names, count, cache, &samples, &reply) }
        print("names \(names), checksum \(sum)")
        print("key: \(perCall(keys, count)) ns")
        print("look-up, one by one: \(perCall(both - keys, count)) ns")
        print("look-up, 16 fetched ahead: \(perCall(batched - keys, count)) ns")
    }

    static func perCall(_ time: Duration, _ count: Int) -> Double {
        Double(Int(time / .nanoseconds(1) / Double(count) * 10)) / 10
    }

    private static func makeKeys(
        _ names: Int,
        _ count: Int,
        _ cache: AnswerCache,
        _ samples: inout SampleNames
    ) -> Int {
        var state: UInt64 = 1
        var sum = 0
        for _ in 0..<count { sum &+= Int(truncatingIfNeeded: samples.key(next(names, &state), cache).hash) }
        return sum
    }

    private static func lookUps(
        _ names: Int,
        _ count: Int,
        _ cache: AnswerCache,
        _ samples: inout SampleNames,
        _ reply: inout WireBuffer
    ) -> Int {
        var state: UInt64 = 1
        var sum = 0
        for _ in 0..<count { sum &+= lookUp(next(names, &state), cache, &samples, &reply) }
        return sum
    }

    private static func batches(
        _ names: Int,
        _ count: Int,
        _ cache: AnswerCache,
        _ samples: inout SampleNames,
        _ reply: inout WireBuffer
    ) -> Int {
        var state: UInt64 = 1
        var sum = 0
        var keys = [CacheKey](repeating: samples.key(0, cache), count: 16)
        for _ in 0..<(count / 16) {
            for i in 0..<16 {
                keys[i] = samples.key(next(names, &state), cache)
                cache.prefetchIndex(keys[i].hash)
            }
            for i in 0..<16 { cache.prefetchEntry(keys[i].hash) }
            for i in 0..<16 {
                var bytes = reply.mutableBytes
                let hit = cache.lookup(keys[i], now: 2000, available: 400, rotation: 1, into: &bytes, at: 46)
                sum &+= hit?.fitted.length ?? 0
            }
        }
        return sum
    }

    private static func next(_ names: Int, _ state: inout UInt64) -> Int {
        state = state &* 0x5851_F42D_4C95_7F2D &+ 1
        return Int((state >> 32).multipliedFullWidth(by: UInt64(names)).low >> 32)
    }

    /// Looks a name up; returns the octets of its answer.
    static func lookUp(
        _ i: Int,
        _ cache: AnswerCache,
        _ samples: inout SampleNames,
        _ reply: inout WireBuffer
    ) -> Int {
        let key = samples.key(i, cache)
        var bytes = reply.mutableBytes
        let hit = cache.lookup(key, now: 2000, available: 400, rotation: 1, into: &bytes, at: 46)
        return hit?.fitted.length ?? 0
    }
}
