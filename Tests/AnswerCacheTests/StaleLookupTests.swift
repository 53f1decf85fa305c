import DNSWire
import Testing

@testable import AnswerCache

/// Answers past their end (RFC 8767 §4, §5): how long they are found, with which TTLs.
@Suite struct StaleLookupTests {
    private let cache = AnswerCache(sizeBytes: 1 << 20, seed: 42)
    private let limits = StaleLimits(ageSeconds: 100, ttlSeconds: 30)

    private func findStale(
        _ key: CacheKey,
        now: UInt64,
        rotation: UInt32 = 0,
        available: Int = 4096
    ) -> (hit: AnswerCache.Hit, body: [UInt8])? {
        var buffer = WireBuffer(capacity: 4096)
        var reply = buffer.mutableBytes
        let hit = cache.lookupStale(
            key,
            limits,
            now: now,
            available: available,
            rotation: rotation,
            into: &reply,
            at: 0
        )
        guard let hit else { return nil }
        return (hit, reply.readable.extracting(first: hit.fitted.length).toArray())
    }

    @Test func anExpiredAnswerIsFoundAsLongAsItMay() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1, 2], lifetime: 5, now: 1000)
        #expect(findStale(key, now: 5999)?.hit.isStale == false)
        for now: UInt64 in [6000, 6001, 105_999, 106_000] {
            #expect(findStale(key, now: now)?.hit.isStale == true)
            #expect(findStale(key, now: now)?.body == [1, 2])
            #expect(cache.find(key, now: now) == nil, "the fresh look-up does not find it")
        }
        #expect(findStale(key, now: 106_001) == nil)
        #expect(findStale(try cache.key("www.example.org"), now: 1000) == nil)
    }

    @Test func ttlsAreCutAndNotCountedDown() throws {
        let key = try cache.key("web.example.org")
        // More than fit into one word of offsets.
        let ttls: [UInt32] = [7, 30, 31, 3600, 29, 604_800, 100]
        let body = ttls.flatMap { ttl in (0..<4).map { UInt8(ttl >> (24 - 8 * UInt32($0)) & 0xFF) } }
        let offsets = ttls.indices.map { UInt16($0 * 4) }
        cache.insert(key, body, ttlOffsets: offsets, lifetime: 7)
        #expect(read(findStale(key, now: 6000)?.body) == ttls.map { $0 - 6 })
        #expect(read(findStale(key, now: 7000)?.body) == [7, 30, 30, 30, 29, 30, 30])
        #expect(read(findStale(key, now: 107_000)?.body) == [7, 30, 30, 30, 29, 30, 30])
    }

    private func read(_ body: [UInt8]?) -> [UInt32] {
        let body = body ?? []
        return stride(from: 0, to: body.count, by: 4).map { body.wireBytes.uint32(at: $0) }
    }

    @Test func recordsAreRotatedAndSectionsCutAsEver() throws {
        let key = try cache.key("web.example.org")
        let answer = CachedAnswer(
            responseCode: .noError,
            answerCount: 3,
            additionalCount: 1,
            answerLength: 6,
            authorityEnd: 6,
            length: 8,
            lifetimeSeconds: 5,
            rotation: CachedAnswer.Rotation(offset: 0, recordLength: 2, count: 3)
        )
        cache.insert(key, answer, [1, 1, 2, 2, 3, 3, 9, 9])
        #expect(findStale(key, now: 9000, rotation: 1)?.body == [2, 2, 3, 3, 1, 1, 9, 9])
        let cut = try #require(findStale(key, now: 9000, available: 7))
        #expect(cut.body == [1, 1, 2, 2, 3, 3])
        #expect(cut.hit.fitted.additionalCount == 0)
    }

    /// Time has 40 bits, 34 years of uptime; lifetimes have 24.
    @Test func theEndsOfClockAndLifetimeHold() throws {
        let last: UInt64 = 0xFF_FFFF_FFFF
        let key = try cache.key("web.example.org")
        cache.insert(key, [1], lifetime: 5, now: last - 1000)
        #expect(findStale(key, now: last + 3999)?.hit.isStale == false)
        #expect(findStale(key, now: last + 4000)?.hit.isStale == true)
        #expect(findStale(key, now: last + 104_000)?.hit.isStale == true)
        #expect(findStale(key, now: last + 104_001) == nil)
        // Beyond, the time stored begins again: such answers are too old at once, not wrong.
        cache.insert(key, [2], lifetime: 5, now: last + 1000)
        #expect(findStale(key, now: last + 1000) == nil)

        cache.insert(key, [3], lifetime: .max, now: 0)
        let end: UInt64 = 0xFF_FFFF * 1000
        #expect(cache.find(key, now: end - 1)?.body == [3])
        #expect(findStale(key, now: end)?.hit.isStale == true)
        #expect(findStale(key, now: end + 100_000)?.hit.isStale == true)
        #expect(findStale(key, now: end + 100_001) == nil)
    }

    @Test func aRenewalTakesThePlaceOfAnExpiredAnswer() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1], lifetime: 5)
        cache.insert(key, [2], lifetime: 5, now: 50_000)
        #expect(findStale(key, now: 51_000)?.hit.isStale == false)
        #expect(findStale(key, now: 56_000)?.body == [2])
        #expect(cache.statistics.entries == 1)
    }

    @Test(arguments: [(retention: UInt32(100), stays: true), (0, false)])
    func whatIsAskedForStaleStaysWhileOthersCome(retention: UInt32, stays: Bool) throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, retentionSeconds: retention, seed: 1)
        let body = [UInt8](repeating: 1, count: 60)
        let asked = try (0..<300).map { try cache.key("asked\($0).example.org") }
        let silent = try (0..<300).map { try cache.key("silent\($0).example.org") }
        for key in asked + silent { cache.insert(key, body, lifetime: 5) }
        var buffer = WireBuffer(capacity: 512)
        for i in 0..<20_000 {
            // Popular ones, so that they push others out of the main ring.
            let key = try cache.key("n\(i).example.org")
            cache.insert(key, body, now: 20_000)
            for _ in 0..<2 { _ = isFoundStale(cache, key, &buffer) }
            if i % 500 == 0 { for key in asked { _ = isFoundStale(cache, key, &buffer) } }
        }
        #expect((asked.count { isFoundStale(cache, $0, &buffer) } > 250) == stays)
        #expect(silent.count { isFoundStale(cache, $0, &buffer) } < 50)
    }

    private func isFoundStale(_ cache: AnswerCache, _ key: CacheKey, _ buffer: inout WireBuffer) -> Bool {
        var reply = buffer.mutableBytes
        return cache.lookupStale(
            key,
            limits,
            now: 20_000,
            available: 512,
            rotation: 0,
            into: &reply,
            at: 0
        ) != nil
    }

    // MARK: Due for renewal

    @Test(arguments: [
        // lifetime, milliseconds left at which it is due and one more at which it is not
        (3600, 360_000), (100, 10_000), (10, 1000), (5, 1000), (4, 1000), (2, 500), (1, 250),
    ])
    func aPopularAnswerIsDueNearItsEnd(lifetime: Int, left: UInt64) throws {
        let key = try cache.key("web.example.org")
        let end = UInt64(lifetime) * 1000
        cache.insert(key, [1], lifetime: UInt32(lifetime))
        for _ in 0..<3 { #expect(isDue(key, now: 0) == false) }
        #expect(isDue(key, now: end - left - 1) == false)
        #expect(isDue(key, now: end - left) == true)
        #expect(isDue(key, now: end - 1) == true)
        #expect(isDue(key, now: end) == nil)
    }

    @Test func anAnswerThatFewAskForIsNotDue() throws {
        let long = try cache.key("web.example.org")
        cache.insert(long, [1], lifetime: 100)
        #expect(isDue(long, now: 99_000) == false)
        #expect(isDue(long, now: 99_000) == false)
        #expect(isDue(long, now: 99_000) == true)
        let short = try cache.key("www.example.org")
        cache.insert(short, [1], lifetime: 4)
        for _ in 0..<3 { #expect(isDue(short, now: 3900) == false) }
        #expect(isDue(short, now: 3900) == true)
    }

    private func isDue(_ key: CacheKey, now: UInt64) -> Bool? {
        var buffer = WireBuffer(capacity: 64)
        var reply = buffer.mutableBytes
        return cache.lookup(key, now: now, available: 64, rotation: 0, into: &reply, at: 0)?.isDue
    }

    // MARK: Summaries and removal

    @Test func aSummarySaysWhenAndWhetherItIsAnAlias() throws {
        let alias = try cache.key("www.example.org")
        cache.insert(alias, [0xC0, 0x0C, 0, 5, 0, 1], lifetime: 5, now: 1000)
        let address = try cache.key("web.example.org")
        cache.insert(address, [0xC0, 0x0C, 0, 1, 0, 1], lifetime: 6, now: 2000)
        let short = try cache.key("short.example.org")
        cache.insert(short, [0xC0, 0x0C, 0], lifetime: 6)
        let found = try #require(cache.summary(of: alias))
        #expect(found.isAlias)
        #expect(found.storedAt == 1000)
        #expect(found.expiresAt == 6000)
        #expect(cache.summary(of: address)?.isAlias == false)
        #expect(cache.summary(of: address)?.expiresAt == 8000)
        #expect(cache.summary(of: short)?.isAlias == false)
        #expect(cache.summary(of: try cache.key("none.example.org")) == nil)
    }

    @Test func whatIsRemovedIsGoneAndCounted() throws {
        let key = try cache.key("web.example.org")
        let other = try cache.key("www.example.org")
        cache.insert(key, [1], lifetime: 5)
        cache.insert(other, [2], lifetime: 5)
        cache.remove(key)
        #expect(cache.summary(of: key) == nil)
        cache.remove(other)
        cache.remove(other)
        #expect(cache.summary(of: other) == nil)
        let statistics = cache.statistics
        #expect(statistics.entries == 0)
        #expect(statistics.liveBytes == 0)
        #expect(statistics.evictions == 2)
        #expect(cache.insert(key, [3]))
        #expect(cache.find(key)?.body == [3])
    }

    @Test func aKeyOfAnotherTypeIsTheKeyMadeForIt() throws {
        var key = try cache.key("web.example.org", .a, dnssecOK: true)
        key.setType(.aaaa, seed: cache.seed)
        #expect(key == (try cache.key("web.example.org", .aaaa, dnssecOK: true)))
        key.setType(.a, seed: cache.seed)
        #expect(key == (try cache.key("web.example.org", .a, dnssecOK: true)))
    }
}
