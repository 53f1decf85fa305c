import AnswerCache
import DNSWire
import Testing

/// Looking at an entry changes nothing.
@Suite struct InspectionTests {
    private let cache = AnswerCache(sizeBytes: 1 << 20, seed: 5)

    @Test func tellsWhatIsStoredAndUntilWhen() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1, 2, 3], lifetime: 30, now: 5000)
        let found = try #require(cache.inspect(key))
        #expect(found.answer.responseCode == .noError)
        #expect(found.answer.answerCount == 1)
        #expect(found.storedAt == 5000)
        #expect(found.expiresAt == 35_000)
        #expect(found.uses == 0)
    }

    @Test func doesNotCountAsAUse() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1])
        for _ in 0..<10 { #expect(cache.inspect(key)?.uses == 0) }
        #expect(cache.has(key))
        #expect(cache.inspect(key)?.uses == 1)
        for _ in 0..<10 { #expect(cache.has(key)) }
        #expect(cache.inspect(key)?.uses == AnswerCache.Inspection.usesMax)
    }

    @Test func findsWhatHasExpired() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1], lifetime: 1, now: 0)
        #expect(!cache.has(key, now: 5000))
        #expect(cache.inspect(key)?.expiresAt == 1000)
    }

    @Test func findsNothingOfAnotherKey() throws {
        cache.insert(try cache.key("web.example.org"), [1])
        #expect(cache.inspect(try cache.key("web.example.org", .aaaa)) == nil)
        #expect(cache.inspect(try cache.key("web.example.org", tag: 2)) == nil)
    }
}
