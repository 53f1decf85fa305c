import AnswerCache
import DNSWire
import Testing

/// What a flush takes out, and what it leaves alone.
@Suite struct FlushTests {
    private let cache = AnswerCache(sizeBytes: 1 << 20, seed: 5)

    private func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

    private func store(_ text: String, tag: UInt32 = 1, _ qtype: RecordType = .a) throws -> CacheKey {
        let key = try cache.key(text, tag: tag, qtype)
        #expect(cache.insert(key, [1, 2, 3]))
        return key
    }

    @Test func takesOutANameOfAllRoutesAndTypesAndNoOther() throws {
        let gone = [
            try store("web.example.org"), try store("web.example.org", tag: 2),
            try store("web.example.org", .aaaa),
        ]
        let kept = [try store("www.example.org"), try store("a.web.example.org"), try store("example.org")]
        #expect(cache.flush(FlushSelection(name: try name("WEB.example.org"))) == 3)
        #expect(gone.allSatisfy { !cache.has($0) })
        #expect(kept.allSatisfy { cache.has($0) })
        #expect(cache.statistics.entries == 3)
    }

    @Test func takesOutOneTypeOfAName() throws {
        let gone = try store("web.example.org")
        let kept = try store("web.example.org", .aaaa)
        #expect(cache.flush(FlushSelection(name: try name("web.example.org"), type: .a)) == 1)
        #expect(!cache.has(gone))
        #expect(cache.has(kept))
    }

    @Test func takesOutASubtreeOnLabelBoundaries() throws {
        let gone = [try store("example.org"), try store("a.example.org"), try store("a.b.example.org")]
        let kept = [try store("myexample.org"), try store("org"), try store("example.org.net")]
        let subtree = FlushSelection(name: try name("example.org"), includesSubtree: true)
        #expect(cache.flush(subtree) == 3)
        #expect(gone.allSatisfy { !cache.has($0) })
        #expect(kept.allSatisfy { cache.has($0) })
    }

    @Test func theSubtreeOfTheRootIsEverything() throws {
        for i in 0..<100 { _ = try store("n\(i).example.org") }
        #expect(cache.flush(FlushSelection(name: DomainName(), includesSubtree: true)) == 100)
        #expect(cache.statistics.entries == 0)
    }

    @Test func takesOutDenialsOnly() throws {
        let denied = try cache.key("no.example.org")
        let none = try cache.key("none.example.org")
        #expect(cache.insert(denied, CachedAnswer(responseCode: .nxDomain, lifetimeSeconds: 5), []))
        #expect(cache.insert(none, CachedAnswer(responseCode: .noError, lifetimeSeconds: 5), []))
        let kept = try store("web.example.org")
        #expect(cache.flush(FlushSelection(negativesOnly: true)) == 2)
        #expect(!cache.has(denied) && !cache.has(none))
        #expect(cache.has(kept))
    }

    @Test func takesOutOneRoute() throws {
        let gone = try store("web.example.org", tag: 7)
        let kept = try store("web.example.org", tag: 8)
        #expect(cache.flush(FlushSelection(tag: 7)) == 1)
        #expect(!cache.has(gone))
        #expect(cache.has(kept))
    }

    @Test func takesOutWhatHasExpired() throws {
        let key = try cache.key("web.example.org")
        cache.insert(key, [1], lifetime: 1, now: 0)
        #expect(cache.flush(FlushSelection()) == 1)
        #expect(cache.inspect(key) == nil)
    }

    @Test func whatWasNotThereIsNotCounted() throws {
        _ = try store("web.example.org")
        #expect(cache.flush(FlushSelection(name: try name("nobody.example.org"))) == 0)
        #expect(cache.flush(FlushSelection(tag: 9)) == 0)
        #expect(cache.statistics.entries == 1)
    }

    @Test func anAnswerThatWasAskedForBeforeAFlushIsNotStored() throws {
        let key = try cache.key("web.example.org")
        let answer = CachedAnswer(responseCode: .noError, lifetimeSeconds: 60)
        let before = cache.flushCount
        let none: [UInt16] = []
        #expect(cache.flush(FlushSelection()) == 0)
        let body: [UInt8] = []
        let isStored = { (since: UInt32) in
            cache.insert(key, answer, body: body.wireBytes, ttlOffsets: none.span, since: since, now: 0)
        }
        #expect(!isStored(before))
        #expect(!cache.has(key))
        #expect(isStored(cache.flushCount))
    }

    @Test(arguments: [UInt64(1), 2])
    func removesWhatTheModelRemoves(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: seed)
        var model: Set<Int> = []
        var removed = 0
        // Few enough that nothing has to leave for want of room.
        for _ in 0..<6000 {
            let i = Int.random(in: 0..<2000, using: &random)
            switch Int.random(in: 0..<40, using: &random) {
            case 0:
                let zone = i % 50
                let flushed = model.filter { $0 % 50 == zone }
                let name = try #require(DomainName("z\(zone).org"))
                let count = cache.flush(FlushSelection(name: name, includesSubtree: true))
                #expect(count == flushed.count)
                removed += count
                model.subtract(flushed)
            case 1:
                let flushed = model.filter { $0 % 3 == i % 3 }
                #expect(cache.flush(FlushSelection(tag: UInt32(i % 3))) == flushed.count)
                model.subtract(flushed)
            case 2:
                let name = try #require(DomainName("n\(i).z\(i % 50).org"))
                #expect(cache.flush(FlushSelection(name: name)) == (model.contains(i) ? 1 : 0))
                model.remove(i)
            default:
                #expect(cache.insert(try cache.key("n\(i).z\(i % 50).org", tag: UInt32(i % 3)), [1]))
                model.insert(i)
            }
            guard Int.random(in: 0..<100, using: &random) == 0 else { continue }
            for i in 0..<2000 {
                let key = try cache.key("n\(i).z\(i % 50).org", tag: UInt32(i % 3))
                #expect(cache.has(key) == model.contains(i))
            }
        }
        #expect(cache.statistics.entries == model.count)
        #expect(removed > 100)
    }
}
