import DNSWire
import Testing

@testable import AnswerCache

/// What is found, by which key, for how long.
@Suite struct LookupTests {
    private let cache = AnswerCache(sizeBytes: 1 << 20, seed: 42)

    @Test func anEmptyCacheHasNothing() throws {
        #expect(cache.find(try cache.key("web.example.org")) == nil)
        let statistics = cache.statistics
        #expect(statistics.entries == 0)
        #expect(statistics.insertions == 0)
        #expect(statistics.evictions == 0)
        #expect(statistics.liveBytes == 0)
        #expect(statistics.usedBytes == 0)
    }

    @Test func givesBackWhatWasStored() throws {
        let answer = CachedAnswer(
            responseCode: .nxDomain,
            isAuthoritative: true,
            answerCount: 1,
            authorityCount: 2,
            additionalCount: 3,
            answerLength: 5,
            authorityEnd: 11,
            length: 19,
            lifetimeSeconds: 77,
            rotation: CachedAnswer.Rotation(offset: 1, recordLength: 2, count: 1)
        )
        let body = (1...19).map { UInt8($0) }
        let key = try cache.key("web.example.org")
        #expect(cache.insert(key, answer, body, now: 5))
        let found = try #require(cache.find(key, now: 5))
        #expect(found.answer == answer)
        #expect(found.body == body)
        #expect(found.age == 0)
        #expect(
            found.fitted
                == FittedAnswer(length: 19, answerCount: 1, authorityCount: 2, additionalCount: 3)
        )
    }

    @Test func theWholeKeyCounts() throws {
        cache.insert(try cache.key("web.example.org"), [1])
        #expect(cache.find(try cache.key("WEB.Example.org")) != nil)
        let others = [
            try cache.key("web.example.org", .aaaa), try cache.key("web.example.org", tag: 2),
            try cache.key("web.example.org", dnssecOK: true),
            try cache.key("web.example.org", checkingDisabled: true),
            try cache.key("web.example.com"), try cache.key("xweb.example.org"), try cache.key("example.org"),
            try cache.key("web.example.org", RecordType(257)),
        ]
        for other in others { #expect(cache.find(other) == nil) }
    }

    @Test func dotsInLabelsMakeAnotherKey() throws {
        cache.insert(try cache.key("a.b"), [1])
        var odd = CacheKey(try #require(DomainName(labels: [Array("a.b".utf8)])))
        odd.finish(tag: 1, qtype: .a, dnssecOK: false, checkingDisabled: false, seed: cache.seed)
        #expect(cache.find(odd) == nil)
    }

    @Test func keysWithEqualHashesAreToldApart() throws {
        // The hash is `mixed = fold((mixed ^ word) * constant)` word by word: with the seed at hand, the last
        // word can undo the difference that an earlier one made.
        let (left, right) = try collidingKeys()
        #expect(left.hash == right.hash)
        #expect(left != right)
        cache.insert(left, [1])
        #expect(cache.find(right) == nil)
        cache.insert(right, [2])
        #expect(cache.find(left)?.body == [1])
        #expect(cache.find(right)?.body == [2])
    }

    @Test func twoTagsNeverShareAnEntry() throws {
        for i in 0..<1000 {
            let name = "web\(i).shop.svc.cluster.local"
            cache.insert(try cache.key(name, tag: 1), Array("east\(i)".utf8))
            #expect(cache.find(try cache.key(name, tag: 2)) == nil)
            cache.insert(try cache.key(name, tag: 2), Array("west\(i)".utf8))
            #expect(cache.find(try cache.key(name, tag: 1))?.body == Array("east\(i)".utf8))
            #expect(cache.find(try cache.key(name, tag: 2))?.body == Array("west\(i)".utf8))
        }
    }

    @Test func anAnswerEndsWithItsLifetime() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1], lifetime: 5, now: 1000)
        #expect(cache.find(key, now: 5999) != nil)
        #expect(cache.find(key, now: 6000) == nil)
        #expect(cache.find(key, now: 600_000) == nil)
    }

    @Test func withoutALifetimeNothingIsStored() throws {
        let key = try cache.key("web.example.org")
        #expect(!cache.insert(key, [1], lifetime: 0))
        #expect(cache.find(key) == nil)
    }

    @Test func whatIsNotStoredLeavesTheEarlierAnswer() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1])
        #expect(!cache.insert(key, [2], lifetime: 0))
        #expect(cache.find(key)?.body == [1])
    }

    @Test func aNewAnswerTakesTheEarliersPlace() throws {
        let key = try cache.key("web.example.org")
        for i in 0..<100 {
            cache.insert(key, [UInt8(i)], now: UInt64(i) * 1000)
            #expect(cache.find(key, now: UInt64(i) * 1000)?.body == [UInt8(i)])
        }
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.insertions == 100)
    }

    @Test func aNewAnswerHasALifetimeOfItsOwn() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1], lifetime: 60, now: 0)
        cache.insert(key, [2], lifetime: 5, now: 1000)
        #expect(cache.find(key, now: 5999)?.body == [2])
        #expect(cache.find(key, now: 6000) == nil)
    }

    @Test func prefetchingFindsAndChangesNothing() throws {
        let key = try cache.key("web.example.org")
        // Also where there is nothing, and for what hashes may be.
        for hash in [0, key.hash, .max] {
            cache.prefetchIndex(hash)
            cache.prefetchEntry(hash)
        }
        #expect(cache.find(key) == nil)
        cache.insert(key, [1])
        cache.prefetchIndex(key.hash)
        cache.prefetchEntry(key.hash)
        #expect(cache.find(key)?.body == [1])
        #expect(cache.statistics.entries == 1)
    }

    // MARK: Ageing

    @Test func everyTTLIsCountedDownByTheAgeInSeconds() throws {
        let key = try cache.key("web.example.org")
        let body: [UInt8] = [0xAA, 0, 0, 1, 44, 0xBB, 0, 0, 0, 30, 0xCC]
        cache.insert(key, body, ttlOffsets: [1, 6], lifetime: 30, now: 10_500)
        #expect(cache.find(key, now: 11_499)?.body == body)
        let later = try #require(cache.find(key, now: 10_500 + 29_999))
        #expect(later.age == 29)
        #expect(later.body == [0xAA, 0, 0, 1, 44 - 29, 0xBB, 0, 0, 0, 1, 0xCC])
        // What is stored does not change.
        #expect(cache.find(key, now: 11_499)?.body == body)
    }

    @Test func aTTLDoesNotGoBelowZero() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [0, 0, 0, 3], ttlOffsets: [0], lifetime: 30)
        #expect(cache.find(key, now: 20_000)?.body == [0, 0, 0, 0])
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 100, 1000])
    func anyNumberOfTTLsIsCountedDown(count: Int) throws {
        let key = try cache.key("web.example.org")
        var body: [UInt8] = []
        var counted: [UInt8] = []
        for i in 0..<count {
            let low = UInt8(truncatingIfNeeded: i)
            body += [0, 0, 1, low]
            // 256 + low, less one.
            counted += [0, 0, low == 0 ? 0 : 1, low &- 1]
        }
        cache.insert(key, body, ttlOffsets: (0..<count).map { UInt16($0 * 4) }, lifetime: 100)
        #expect(cache.find(key, now: 1000)?.body == counted)
    }

    private func collidingKeys() throws -> (CacheKey, CacheKey) {
        func mix(_ mixed: UInt64, _ word: UInt64, _ i: Int) -> UInt64 {
            let product = (mixed ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            return product.high ^ product.low ^ (cache.seed &+ UInt64(i))
        }
        func key(_ first: UInt64, _ second: UInt64) -> CacheKey {
            let octets = [first, second].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
            }
            var key = CacheKey(name: octets.wireBytes, at: 0, length: 16)
            key.finish(tag: 1, qtype: .a, dnssecOK: false, checkingDisabled: false, seed: cache.seed)
            return key
        }
        let head = mix(cache.seed, UInt64(1) << 32 | 1 << 16 | 16, 0)
        var random = SeededGenerator(seed: 7)
        for _ in 0..<10_000 {
            // Octets that folding leaves alone.
            let words = (0..<3).map { _ in random.next() | 0x8080_8080_8080_8080 }
            let second = mix(head, words[0], 1) ^ mix(head, words[1], 1) ^ words[2]
            guard foldASCII(second) == second else { continue }
            return (key(words[0], words[2]), key(words[1], second))
        }
        throw CollisionNotFound()
    }

    private struct CollisionNotFound: Error {}

    /// An answer that comes back large must not stay in the small ring, which may have no room for it at all.
    @Test(arguments: [1 << 20, 1_400_000, 1_700_000, 4 << 20])
    func anAnswerThatGrowsIsRenewed(sizeBytes: Int) throws {
        let cache = AnswerCache(sizeBytes: sizeBytes, seed: 42)
        let small = [UInt8](repeating: 1, count: 16)
        for filled in stride(from: 0, through: 900, by: 150) {
            let key = try cache.key("grows-\(filled).example.org")
            for i in 0..<filled {
                cache.insert(try cache.key("n\(filled)-\(i).example.org"), small, lifetime: 1, now: 0)
            }
            for length in [16, 5_000, 16_000, 20_000, 65_000] {
                let body = [UInt8](repeating: UInt8(length & 0x7F), count: length)
                guard cache.insert(key, body, lifetime: 1, now: 0) else { continue }
                let found = try #require(cache.find(key, capacity: 70_000))
                #expect(found.body == body)
            }
        }
    }

    /// What no ring can hold is refused, with all rings as they were.
    @Test func anAnswerOverAQuarterOfTheMainRingIsRefused() throws {
        let key = try cache.key("web.example.org")
        #expect(cache.insert(key, [1, 2, 3]))
        let body = [UInt8](repeating: 7, count: cache.geometry.mainWords * 2 + 8)
        #expect(body.count > WireLimits.messageLength || !cache.insert(key, body))
        #expect(cache.has(key))
    }
}
