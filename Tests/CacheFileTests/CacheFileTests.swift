import AnswerCache
import DNSWire
import Foundation
import Testing

@testable import CacheFile

@Suite struct CacheFileTests {
    private static let start = CacheFile.Moment(cacheTime: 10_000_000, wallTime: 1_700_000_000_000)
    private static let routes: [UInt32: String] = [1: "default", 2: "east\ncluster.local"]

    /// A file in a folder of its own, which goes with the test.
    private final class Place {
        let folder: URL
        var path: String { folder.appending(path: "cache.bin").path() }

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "cachefile-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [] }
    }

    private func later(_ milliseconds: UInt64, uptime: UInt64? = nil) -> CacheFile.Moment {
        CacheFile.Moment(
            cacheTime: uptime ?? Self.start.cacheTime + milliseconds,
            wallTime: Self.start.wallTime + milliseconds
        )
    }

    private func read(
        _ place: Place,
        into cache: AnswerCache,
        routes: [String: UInt32] = ["default": 1, "east\ncluster.local": 2],
        retention: UInt64 = 0,
        at moment: CacheFile.Moment
    ) throws(CacheFileError) -> CacheFile.Summary {
        try CacheFile.read(
            place.path,
            into: cache,
            routes: routes,
            retentionMilliseconds: retention,
            at: moment
        )
    }

    private func savedCache(_ place: Place, count: Int = 100) throws {
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 1)
        for number in 0..<count {
            Answer(number).store(in: cache, tag: 1 + UInt32(number % 2), now: Self.start.cacheTime)
        }
        let summary = try CacheFile.write(cache, to: place.path, routes: Self.routes, at: Self.start)
        #expect(summary == CacheFile.Summary(answers: count))
    }

    // MARK: - What must happen

    @Test func answersComeBackWithTheirAge() throws {
        let place = try Place()
        try savedCache(place)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 2)
        let moment = later(7000)
        #expect(try read(place, into: cache, at: moment) == CacheFile.Summary(answers: 100))
        for number in 0..<100 {
            let found = Answer(number).lookUp(in: cache, tag: 1 + UInt32(number % 2), now: moment.cacheTime)
            #expect(found == Answer(number).body(ttl: 300 - 7), "\(number)")
        }
    }

    @Test func aRouteMayHaveAnotherTagNow() throws {
        let place = try Place()
        try savedCache(place)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 2)
        _ = try read(place, into: cache, routes: ["default": 2, "east\ncluster.local": 1], at: later(0))
        #expect(Answer(0).lookUp(in: cache, tag: 2, now: Self.start.cacheTime) != nil)
        #expect(Answer(0).lookUp(in: cache, tag: 1, now: Self.start.cacheTime) == nil)
    }

    @Test func anUptimeThatBeganAnewChangesNoAge() throws {
        let place = try Place()
        try savedCache(place)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 2)
        let moment = later(9000, uptime: 50_000)
        #expect(try read(place, into: cache, at: moment).answers == 100)
        #expect(Answer(1).lookUp(in: cache, tag: 2, now: 50_000) == Answer(1).body(ttl: 300 - 9))
    }

    @Test func aLargeCacheComesBackWhole() throws {
        let place = try Place()
        try savedCache(place, count: 5000)
        let cache = AnswerCache(sizeBytes: 8 << 20, seed: 2)
        #expect(try read(place, into: cache, at: later(0)).answers == 5000)
        #expect(cache.statistics.entries == 5000)
    }

    @Test func aFileIsReplacedWhole() throws {
        let place = try Place()
        try savedCache(place, count: 100)
        try savedCache(place, count: 3)
        let cache = AnswerCache(sizeBytes: 1 << 20)
        #expect(try read(place, into: cache, at: later(0)).answers == 3)
        #expect(place.names == ["cache.bin"], "nothing is left beside it")
    }

    // MARK: - What must not happen

    @Test func expiredAnswersComeBackOnlyWhileTheyMayBeStale() throws {
        let place = try Place()
        try savedCache(place)
        let expired = later(301_000)
        #expect(
            try read(place, into: AnswerCache(sizeBytes: 1 << 20), at: expired)
                == CacheFile.Summary(dropped: 100)
        )
        let cache = AnswerCache(sizeBytes: 1 << 20, retentionSeconds: 60)
        #expect(try read(place, into: cache, retention: 60_000, at: expired).answers == 100)
        #expect(Answer(0).lookUp(in: cache, tag: 1, now: expired.cacheTime) == nil, "not as fresh")
        #expect(
            try read(place, into: AnswerCache(sizeBytes: 1 << 20), retention: 60_000, at: later(360_000))
                .answers
                == 0
        )
    }

    @Test func answersOfRoutesThatChangedStayAway() throws {
        let place = try Place()
        try savedCache(place)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 2)
        let summary = try read(
            place,
            into: cache,
            routes: ["default": 1, "east\nother.local": 2],
            at: later(0)
        )
        #expect(summary == CacheFile.Summary(answers: 50, dropped: 50))
        #expect(Answer(1).lookUp(in: cache, tag: 2, now: Self.start.cacheTime) == nil)
    }

    @Test func aNewerAnswerStays() throws {
        let place = try Place()
        try savedCache(place)
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 2)
        let moment = later(5000)
        Answer(0).store(in: cache, tag: 1, now: moment.cacheTime)
        #expect(try read(place, into: cache, at: moment).dropped == 1)
        #expect(Answer(0).lookUp(in: cache, tag: 1, now: moment.cacheTime) == Answer(0).body(ttl: 300))
    }

    @Test func answersWithoutARouteAreNotWritten() throws {
        let place = try Place()
        let cache = AnswerCache(sizeBytes: 1 << 20)
        Answer(0).store(in: cache, tag: 7, now: Self.start.cacheTime)
        let summary = try CacheFile.write(cache, to: place.path, routes: Self.routes, at: Self.start)
        #expect(summary == CacheFile.Summary(dropped: 1))
    }

    @Test func aClockThatWasSetBackIsSaid() throws {
        let place = try Place()
        try savedCache(place)
        let cache = AnswerCache(sizeBytes: 1 << 20)
        let before = CacheFile.Moment(
            cacheTime: Self.start.cacheTime,
            wallTime: Self.start.wallTime - 3_600_000
        )
        #expect(throws: CacheFileError.fromTheFuture(seconds: 3600)) {
            try read(place, into: cache, at: before)
        }
        #expect(cache.statistics.entries == 0)
    }

    @Test func everyChangedOctetIsNoticed() throws {
        let place = try Place()
        try savedCache(place, count: 4)
        let octets = [UInt8](try Data(contentsOf: URL(filePath: place.path)))
        let cache = AnswerCache(sizeBytes: 1 << 20)
        for position in octets.indices {
            var damaged = octets
            damaged[position] ^= 1 << UInt8(position % 8)
            try Data(damaged).write(to: URL(filePath: place.path))
            #expect(throws: CacheFileError.self, "octet \(position)") {
                try read(place, into: cache, at: later(0))
            }
        }
        #expect(cache.statistics.entries == 0)
    }

    @Test func everyCutIsNoticed() throws {
        let place = try Place()
        try savedCache(place, count: 4)
        let octets = [UInt8](try Data(contentsOf: URL(filePath: place.path)))
        let cache = AnswerCache(sizeBytes: 1 << 20)
        for length in octets.indices {
            try Data(octets[..<length]).write(to: URL(filePath: place.path))
            #expect(throws: CacheFileError.self, "\(length) octets") {
                try read(place, into: cache, at: later(0))
            }
        }
        try Data(octets + [0]).write(to: URL(filePath: place.path))
        #expect(throws: CacheFileError.damaged) { try read(place, into: cache, at: later(0)) }
        #expect(cache.statistics.entries == 0)
    }

    @Test func anotherVersionIsSaid() throws {
        let place = try Place()
        try savedCache(place, count: 1)
        var octets = [UInt8](try Data(contentsOf: URL(filePath: place.path)))
        octets[8] = 2
        try Data(octets).write(to: URL(filePath: place.path))
        #expect(throws: CacheFileError.otherVersion) {
            try read(place, into: AnswerCache(sizeBytes: 1 << 20), at: later(0))
        }
    }

    @Test func whatIsNoFileIsRefused() throws {
        let place = try Place()
        let cache = AnswerCache(sizeBytes: 1 << 20)
        #expect(throws: CacheFileError.missing) { try read(place, into: cache, at: later(0)) }
        #expect(unsafe mkfifo(place.path, 0o600) == 0)
        #expect(throws: CacheFileError.notAFile) { try read(place, into: cache, at: later(0)) }
        try FileManager.default.removeItem(atPath: place.path)
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        #expect(throws: CacheFileError.notAFile) { try read(place, into: cache, at: later(0)) }
        #expect(throws: CacheFileError.self) {
            try CacheFile.write(cache, to: place.path, routes: Self.routes, at: Self.start)
        }
        #expect(place.names == ["cache.bin"], "nothing is left beside it")
        #expect(throws: CacheFileError.system(call: "open", errno: ENOENT)) {
            try CacheFile.write(cache, to: place.path + "/no/such", routes: [:], at: Self.start)
        }
    }

    // MARK: - Answers that no cache would have held

    private var changes: [(what: String, change: (inout SavedAnswer) -> Void)] {
        [
            ("a record too many", { $0.answer.answerCount = 2 }),
            ("a record too few", { $0.answer.answerCount = 0 }),
            ("another section's end", { $0.answer.answerLength -= 1 }),
            ("another length", { $0.answer.length += 1 }),
            ("octets behind it", { $0.body.append(0) }),
            ("a class that is not IN", { $0.body[5] = 3 }),
            ("OPT", { $0.body[3] = 41 }),
            ("a TTL of more than seven days", { $0.body[6] = 0x80 }),
            ("a pointer forwards", { $0.body[1] = 200 }),
            ("no lifetime", { $0.answer.lifetimeSeconds = 0 }),
            (
                "a run of records that is none",
                { $0.answer.rotation = .init(offset: 0, recordLength: 4, count: 4) }
            ),
            ("RDATA beyond the end", { $0.body[11] = 200 }),
        ]
    }

    @Test func whatDoesNotFitTogetherIsDropped() {
        #expect(Answer(0).saved.checkedTTLOffsets() == [6])
        for (what, change) in changes {
            var answer = Answer(0).saved
            change(&answer)
            #expect(answer.checkedTTLOffsets() == nil, "\(what)")
        }
    }
}

/// An A answer of its own for each number.
private struct Answer {
    let number: Int

    init(_ number: Int) { self.number = number }

    private var qname: DomainName { DomainName("host\(number).example.org") ?? DomainName() }

    func body(ttl: UInt16) -> [UInt8] {
        [0xC0, 12, 0, 1, 0, 1, 0, 0, UInt8(ttl >> 8), UInt8(ttl & 255), 0, 4]
            + [192, 0, UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    private var answer: CachedAnswer {
        CachedAnswer(
            responseCode: .noError,
            answerCount: 1,
            answerLength: 16,
            authorityEnd: 16,
            length: 16,
            lifetimeSeconds: 300
        )
    }

    var saved: SavedAnswer {
        SavedAnswer(
            tag: 1,
            qname: qname,
            qtype: .a,
            dnssecOK: false,
            checkingDisabled: false,
            answer: answer,
            body: body(ttl: 300),
            storedAt: 0
        )
    }

    private func key(_ cache: AnswerCache, _ tag: UInt32) -> CacheKey {
        var key = CacheKey(qname)
        key.finish(tag: tag, qtype: .a, dnssecOK: false, checkingDisabled: false, seed: cache.seed)
        return key
    }

    func store(in cache: AnswerCache, tag: UInt32, now: UInt64) {
        let offsets: [UInt16] = [6]
        cache.insert(
            key(cache, tag),
            answer,
            body: body(ttl: 300).wireBytes,
            ttlOffsets: offsets.span,
            now: now
        )
    }

    /// The body that the cache has now.
    func lookUp(in cache: AnswerCache, tag: UInt32, now: UInt64) -> [UInt8]? {
        var buffer = WireBuffer(capacity: 512)
        var reply = buffer.mutableBytes
        let hit = cache.lookup(key(cache, tag), now: now, available: 512, rotation: 0, into: &reply, at: 0)
        guard let hit else { return nil }
        return (0..<hit.fitted.length).map { reply.readable.uint8(at: $0) }
    }
}
