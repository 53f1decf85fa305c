import AnswerCache
import CacheTraces
import DNSWire
import Testing

/// What the cache says of itself is what a model counts.
@Suite struct StatisticsTests {
    /// Octets of an entry: five words, a word and the name, further TTLs four to a word, the body.
    private func entryBytes(name: String, ttls: Int, body: Int) -> Int {
        let nameLength = name.utf8.count + 2
        return 8 * (5 + 1 + (nameLength + 7) / 8 + (max(ttls - 1, 0) + 3) / 4 + (body + 7) / 8)
    }

    @Test func everyOctetIsUsedOrFreeOrOverhead() throws {
        let cache = AnswerCache(sizeBytes: 3_000_001, seed: 1)
        var random = SeededGenerator(seed: 5)
        for i in 0..<8000 {
            let statistics = cache.statistics
            #expect(
                statistics.usedBytes + statistics.freeBytes + statistics.overheadBytes == cache.sizeBytes
            )
            #expect(statistics.liveBytes <= statistics.usedBytes)
            #expect(statistics.freeBytes >= 0)
            let body = [UInt8](repeating: 1, count: Int.random(in: 0...2000, using: &random))
            cache.insert(try cache.key("n\(i % 4000).example.org"), body)
        }
        #expect(cache.statistics.evictions > 0)
    }

    @Test func liveOctetsAreThoseOfTheEntriesThatAreFound() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        var random = SeededGenerator(seed: 6)
        var bytes: [String: Int] = [:]
        for _ in 0..<6000 {
            let name = "n\(Int.random(in: 0..<3000, using: &random)).example.org"
            let ttls = Int.random(in: 0...9, using: &random)
            let body = [UInt8](repeating: 1, count: Int.random(in: 40...600, using: &random))
            cache.insert(try cache.key(name), body, ttlOffsets: (0..<ttls).map { UInt16($0 * 4) })
            bytes[name] = entryBytes(name: name, ttls: ttls, body: body.count)
        }
        let found = try bytes.filter { cache.find(try cache.key($0.key)) != nil }
        #expect(found.count < bytes.count)
        #expect(cache.statistics.entries == found.count)
        #expect(cache.statistics.liveBytes == found.values.reduce(0, +))
    }

    @Test func aRenewedAnswerIsCountedOnce() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let key = try cache.key("web.example.org")
        for length in [1, 500, 16] { cache.insert(key, [UInt8](repeating: 1, count: length)) }
        let length = entryBytes(name: "web.example.org", ttls: 0, body: 16)
        #expect(cache.statistics.liveBytes == length)
        #expect(cache.statistics.usedBytes > length)
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.evictions == 0)
    }

    // MARK: How much fits

    @Test func anAddressTakesAtMost200OctetsInAll() {
        let cache = AnswerCache(sizeBytes: 4 << 20, seed: 1)
        var samples = SampleNames()
        // Several times as many as fit, so that the index has seen every entry come and go.
        for i in 0..<120_000 { samples.insert(i, cache, now: 0) }
        let statistics = cache.statistics
        #expect(cache.sizeBytes / statistics.entries <= 120)
        // What nothing points to: padding, and entries that found all buckets full.
        #expect(Double(statistics.liveBytes) >= 0.999 * Double(statistics.usedBytes))
    }

    @Test func theIndexLosesNothingWhileThereIsRoom() {
        let cache = AnswerCache(sizeBytes: 4 << 20, seed: 2)
        var samples = SampleNames()
        for i in 0..<37_000 { samples.insert(i, cache, now: 0) }
        #expect(cache.statistics.entries == 37_000)
        #expect(cache.statistics.evictions == 0)
    }
}
