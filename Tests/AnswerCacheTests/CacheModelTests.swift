import AnswerCache
import DNSWire
import Testing

/// Random operations against a dictionary: whatever is found must be what was last inserted.
@Suite struct CacheModelTests {
    private struct Stored {
        var body: [UInt8]
        var storedAt: UInt64
        var lifetime: UInt32
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func whatIsFoundIsWhatWasLastInserted(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: seed)
        let names = 3000
        var model: [Int: Stored] = [:]
        var buffer = WireBuffer(capacity: WireLimits.messageLength)
        var now: UInt64 = 0
        var hits = 0
        var wrong = 0
        for _ in 0..<30_000 {
            let i = skewed(names, &random)
            let key = try cache.key("n\(i / 2).example.org", tag: UInt32(i % 2))
            switch Int.random(in: 0..<10, using: &random) {
            case 0: now += UInt64.random(in: 0...2000, using: &random)
            case 1...4:
                let stored = randomAnswer(now, &random)
                guard cache.insert(key, stored.body, lifetime: stored.lifetime, now: now) else {
                    #expect(stored.lifetime == 0)
                    continue
                }
                model[i] = stored
                if cache.find(key, now: now, in: &buffer)?.body != stored.body { wrong += 1 }
            default:
                guard let found = cache.find(key, now: now, in: &buffer) else { continue }
                let stored = try #require(model[i])
                hits += 1
                let isRight =
                    found.body == stored.body && UInt64(found.age) == (now - stored.storedAt) / 1000
                    && now < stored.storedAt + UInt64(stored.lifetime) * 1000
                if !isRight { wrong += 1 }
            }
        }
        #expect(wrong == 0)
        // The run is worth nothing when nothing is found or nothing had to leave.
        #expect(hits > 3000, "\(hits) hits")
        #expect(cache.statistics.evictions > 1000)
        #expect(cache.statistics.usedBytes <= cache.sizeBytes)
    }

    private func randomAnswer(_ now: UInt64, _ random: inout SeededGenerator) -> Stored {
        // Most answers are small; one in fifty is larger than what a ring moves.
        let isLarge = Int.random(in: 0..<50, using: &random) == 0
        let length = Int.random(in: 0...(isLarge ? 20_000 : 600), using: &random)
        var body = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: length)
        for i in stride(from: 0, to: length, by: 61) { body[i] = UInt8(truncatingIfNeeded: random.next()) }
        return Stored(body: body, storedAt: now, lifetime: UInt32.random(in: 0...600, using: &random))
    }

    /// A number below `count`; small ones come far more often.
    private func skewed(_ count: Int, _ random: inout SeededGenerator) -> Int {
        let share = Double.random(in: 0..<1, using: &random)
        return Int(Double(count) * share * share * share)
    }
}
