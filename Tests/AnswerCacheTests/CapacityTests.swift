import AnswerCache
import DNSWire
import Testing

/// A fixed number of octets, whatever is put in, and what has to leave.
@Suite struct CapacityTests {
    @Test(arguments: [1 << 20, 3_000_001, 6 << 20])
    func neverTakesMoreThanItsBytes(size: Int) throws {
        let cache = AnswerCache(sizeBytes: size, seed: 1)
        #expect(cache.sizeBytes <= size)
        var random = SeededGenerator(seed: 9)
        for i in 0..<(size / 500) {
            let body = [UInt8](repeating: 1, count: Int.random(in: 0...1500, using: &random))
            #expect(cache.insert(try cache.key("n\(i).example.org"), body))
            if i % 97 == 0 { #expect(cache.statistics.usedBytes <= cache.sizeBytes) }
        }
        #expect(cache.statistics.usedBytes <= cache.sizeBytes)
        #expect(cache.statistics.evictions > 0)
        #expect(cache.statistics.insertions == UInt64(size / 500))
        #expect(UInt64(cache.statistics.entries) == cache.statistics.insertions - cache.statistics.evictions)
    }

    @Test func aSmallSizeIsRaisedToTheLeast() {
        #expect(AnswerCache(sizeBytes: 1).sizeBytes == 1 << 20)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 511, 512, 1232, 4095, 4096, 4097, 16_384, 65_535])
    func anAnswerOfAnySizeComesBackWhole(size: Int) throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let key = try cache.key("big.example.org")
        #expect(cache.insert(key, body))
        let isSame = cache.find(key, capacity: 65_535)?.body == body
        #expect(isSame)
    }

    @Test func anAnswerThatNoMessageCanHoldIsRefused() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let key = try cache.key("big.example.org")
        #expect(cache.insert(key, [1]))
        let isStored = cache.insert(key, [UInt8](repeating: 2, count: 65_536))
        #expect(!isStored)
        #expect(cache.find(key)?.body == [1])
    }

    @Test func aBodyThatIsNotAsLongAsItSaysIsRefused() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let key = try cache.key("odd.example.org")
        let answer = CachedAnswer(responseCode: .noError, length: 3, lifetimeSeconds: 60)
        let body: [UInt8] = [1, 2]
        #expect(!cache.insert(key, answer, body, now: 0))
        #expect(cache.find(key) == nil)
    }

    @Test func manyLargeAnswersPushEachOtherOut() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        for i in 0..<60 {
            let body = [UInt8](repeating: UInt8(i), count: 65_535)
            let key = try cache.key("big\(i).example.org")
            #expect(cache.insert(key, body))
            let isSame = cache.find(key, capacity: 65_535)?.body == body
            #expect(isSame)
        }
        #expect(cache.statistics.usedBytes <= cache.sizeBytes)
        #expect(cache.statistics.entries <= 16)
    }

    @Test func oneNameRenewedForeverDoesNotFillTheCache() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let kept = try cache.key("kept.example.org")
        let renewed = try cache.key("renewed.example.org")
        cache.insert(kept, [7])
        for _ in 0..<3 { #expect(cache.has(kept)) }
        for i in 0..<8000 {
            cache.insert(renewed, [UInt8](repeating: UInt8(i & 0xFF), count: 200))
            if i % 1000 == 0 { #expect(cache.find(kept)?.body == [7]) }
        }
        #expect(cache.statistics.entries == 2)
        #expect(cache.has(renewed))
    }

    // MARK: What stays

    @Test func everythingStaysWhileThereIsRoom() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let body = [UInt8](repeating: 1, count: 60)
        // About 456 of 1,024 KiB.
        for i in 0..<3000 { cache.insert(try cache.key("n\(i).example.org"), body) }
        let kept = try (0..<3000).count { cache.find(try cache.key("n\($0).example.org")) != nil }
        #expect(kept == 3000)
        #expect(cache.statistics.evictions == 0)
    }

    @Test func aScanDoesNotPushOutThePopularSet() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let popular = try (0..<1000).map { try cache.key("popular\($0).example.org") }
        let body = [UInt8](repeating: 1, count: 60)
        for key in popular { cache.insert(key, body) }
        for _ in 0..<3 { for key in popular { _ = cache.has(key) } }
        // Several times as many names as fit, each asked for once.
        for i in 0..<30_000 { cache.insert(try cache.key("scan\(i).example.org"), body) }
        let kept = popular.count { cache.has($0) }
        #expect(kept >= 990, "\(kept) of 1000")
    }

    @Test func whatIsAskedAgainDuringAScanStays() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let popular = try (0..<1000).map { try cache.key("popular\($0).example.org") }
        let body = [UInt8](repeating: 1, count: 60)
        var misses = 0
        for i in 0..<30_000 {
            let key = popular[i % popular.count]
            if !cache.has(key) {
                misses += 1
                cache.insert(key, body)
            }
            cache.insert(try cache.key("scan\(i).example.org"), body)
        }
        // Each is missed when it is new, and at most a few times more until it has proved popular.
        #expect(misses <= 4000, "\(misses) misses")
    }

    @Test func anUnpopularSetGivesWayToAPopularOne() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let body = [UInt8](repeating: 1, count: 60)
        let old = try (0..<1000).map { try cache.key("old\($0).example.org") }
        for key in old { cache.insert(key, body) }
        let new = try (0..<9000).map { try cache.key("new\($0).example.org") }
        for start in stride(from: 0, to: new.count, by: 200) {
            for key in new[start..<(start + 200)] { cache.insert(key, body) }
            for _ in 0..<2 { for key in new[start..<(start + 200)] { _ = cache.has(key) } }
        }
        #expect(old.count { cache.has($0) } == 0)
        #expect(new.suffix(3000).count { cache.has($0) } >= 2900)
    }

    @Test func expiredAnswersGiveWayToLivingOnes() throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        let body = [UInt8](repeating: 1, count: 60)
        let dead = try (0..<1000).map { try cache.key("dead\($0).example.org") }
        for key in dead { cache.insert(key, body, lifetime: 5) }
        for _ in 0..<3 { for key in dead { _ = cache.has(key) } }
        for i in 0..<30_000 {
            cache.insert(try cache.key("n\(i).example.org"), body, now: 10_000)
        }
        for key in dead { #expect(!cache.has(key, now: 10_000)) }
        #expect(cache.statistics.usedBytes <= cache.sizeBytes)
    }
}
