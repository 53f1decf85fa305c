import AnswerCache
import DNSWire
import Testing

/// Readers without locks beside writers: every hit must be whole.
@Suite struct CacheConcurrencyTests {
    private static let operations = 40_000

    /// Counts of one thread's hits.
    private struct Outcome: Sendable {
        var hits = 0
        var torn = 0
    }

    @Test func aHitIsWholeWhateverIsWrittenMeanwhile() async throws {
        // The smallest cache, so that most entries are overwritten while somebody reads them.
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 3)
        let total = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for thread in 0..<4 {
                group.addTask { try Self.run(cache, thread: UInt64(thread)) }
            }
            return try await group.reduce(into: Outcome()) { total, outcome in
                total.hits += outcome.hits
                total.torn += outcome.torn
            }
        }
        #expect(total.torn == 0)
        #expect(total.hits > 1000, "\(total.hits) hits")
        #expect(cache.statistics.evictions > 1000)
        #expect(cache.statistics.usedBytes <= cache.sizeBytes)
        #expect(cache.statistics.entries >= 0)
    }

    @Test func aSmallAnswerIsWholeWhileTheIndexIsFull() async throws {
        // Entries so small that buckets are full, so that slots move while somebody reads them.
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 3)
        let total = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for thread in 0..<4 {
                group.addTask { try Self.runSmall(cache, thread: UInt64(thread)) }
            }
            return try await group.reduce(into: Outcome()) { total, outcome in
                total.hits += outcome.hits
                total.torn += outcome.torn
            }
        }
        #expect(total.torn == 0)
        #expect(total.hits > 1000, "\(total.hits) hits")
        let statistics = cache.statistics
        #expect(statistics.evictions > 1000)
        #expect(statistics.liveBytes == statistics.entries * 64)
    }

    @Test func aStaleHitIsWholeWhateverIsWrittenAndRemovedMeanwhile() async throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, retentionSeconds: 60, seed: 3)
        let total = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for thread in 0..<4 {
                group.addTask { try Self.runStale(cache, thread: UInt64(thread)) }
            }
            return try await group.reduce(into: Outcome()) { total, outcome in
                total.hits += outcome.hits
                total.torn += outcome.torn
            }
        }
        #expect(total.torn == 0)
        #expect(total.hits > 1000, "\(total.hits) hits")
        #expect(cache.statistics.evictions > 1000)
        #expect(cache.statistics.entries >= 0)
    }

    private static func runStale(_ cache: AnswerCache, thread: UInt64) throws -> Outcome {
        var random = SeededGenerator(seed: thread)
        var buffer = WireBuffer(capacity: WireLimits.messageLength)
        var outcome = Outcome()
        for _ in 0..<operations {
            let share = Double.random(in: 0..<1, using: &random)
            let i = Int(4000 * share * share)
            let key = try cache.key("n\(i).example.org")
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<4:
                cache.insert(key, body(i, UInt32(truncatingIfNeeded: random.next())), lifetime: 5)
            case 4: cache.remove(key)
            case 5:
                if let summary = cache.summary(of: key), summary.expiresAt != 5000 { outcome.torn += 1 }
            default:
                guard let found = stale(cache, key, in: &buffer) else { break }
                outcome.hits += 1
                if !isWhole(found, i) { outcome.torn += 1 }
            }
        }
        return outcome
    }

    private static func stale(_ cache: AnswerCache, _ key: CacheKey, in buffer: inout WireBuffer) -> [UInt8]?
    {
        var reply = buffer.mutableBytes
        let limits = StaleLimits(ageSeconds: 60, ttlSeconds: 30)
        let hit = cache.lookupStale(
            key,
            limits,
            now: 10_000,
            available: WireLimits.messageLength,
            rotation: 0,
            into: &reply,
            at: 0
        )
        guard let hit else { return nil }
        return reply.readable.extracting(first: hit.fitted.length).toArray()
    }

    private static func runSmall(_ cache: AnswerCache, thread: UInt64) throws -> Outcome {
        var random = SeededGenerator(seed: thread)
        var buffer = WireBuffer(capacity: 64)
        var outcome = Outcome()
        for _ in 0..<operations {
            let i = Int.random(in: 10_000..<26_000, using: &random)
            let key = try cache.key("\(i)")
            let octets = (0..<8).map { UInt8(truncatingIfNeeded: i >> ($0 * 8)) }
            if let found = cache.find(key, in: &buffer) {
                outcome.hits += 1
                if found.body != octets { outcome.torn += 1 }
            } else {
                cache.insert(key, octets)
            }
        }
        return outcome
    }

    private static func run(_ cache: AnswerCache, thread: UInt64) throws -> Outcome {
        var random = SeededGenerator(seed: thread)
        var buffer = WireBuffer(capacity: WireLimits.messageLength)
        var outcome = Outcome()
        for _ in 0..<operations {
            let share = Double.random(in: 0..<1, using: &random)
            let i = Int(4000 * share * share)
            let key = try cache.key("n\(i).example.org")
            if Int.random(in: 0..<3, using: &random) == 0 {
                let version = UInt32(truncatingIfNeeded: random.next())
                cache.insert(key, body(i, version))
            } else if let found = cache.find(key, in: &buffer) {
                outcome.hits += 1
                if !isWhole(found.body, i) { outcome.torn += 1 }
            }
        }
        return outcome
    }

    /// Octets that say whose they are: number, version, and then a sequence that follows from both.
    private static func body(_ i: Int, _ version: UInt32) -> [UInt8] {
        let length = 8 + Int(version % 900)
        var state = UInt64(i) << 32 | UInt64(version)
        var octets = (0..<8).map { UInt8(truncatingIfNeeded: state >> UInt64($0 * 8)) }
        while octets.count < length {
            state = state &* 0x5851_F42D_4C95_7F2D &+ 1
            octets.append(UInt8(truncatingIfNeeded: state >> 56))
        }
        return octets
    }

    private static func isWhole(_ octets: [UInt8], _ i: Int) -> Bool {
        guard octets.count >= 8 else { return false }
        let version = (0..<4).reduce(UInt32(0)) { $0 | UInt32(octets[$1]) << UInt32($1 * 8) }
        return octets == body(i, version)
    }
}
