import AnswerCache
import DNSWire

/// Storing A answers under new keys.
final class InsertScenario: Scenario {
    private let cache: AnswerCache
    private let isFull: Bool
    private var keys: [CacheKey] = []
    private var reply = WireBuffer(capacity: 512)
    /// The sections of an answer with one A record.
    private var body = MessageSlots(count: 1, octets: 16)
    private var serial = 0

    private static let seed: UInt64 = 1
    /// Entries of about 150 octets that fill 1 MiB in any case.
    private static let untilFull = 12_000
    /// One of so many keys is looked up afterwards.
    private static let lookedUp = 16
    private static let now: UInt64 = 1_000_000
    private static let ttlOffsets: [UInt16] = [6]
    private static let answer = CachedAnswer(
        responseCode: .noError,
        answerCount: 1,
        answerLength: 16,
        authorityEnd: 16,
        length: 16,
        lifetimeSeconds: 300
    )

    /// - Parameter isFull: whether each insertion has to push others out.
    init(isFull: Bool) throws(ScenarioError) {
        cache = AnswerCache(sizeBytes: isFull ? 1 << 20 : 64 << 20, seed: Self.seed)
        self.isFull = isFull
        keys.reserveCapacity(batchSize)
        var record = MessageOctets(id: 0, flags: 0, questions: 0)
        record.appendRecord(.answer, MessageOctets.questionName, .a, ttl: 300, [10, 96, 0, 1])
        body.store(Array(record.octets.dropFirst(WireLimits.headerLength)).wireBytes, in: 0)
        if isFull { try ScenarioRunner.warm(self, Self.untilFull) }
    }

    func prepare(_ count: Int) {
        keys.removeAll(keepingCapacity: true)
        for offset in 0..<count { keys.append(key(serial + offset)) }
    }

    private func key(_ serial: Int) -> CacheKey {
        let name = MessageOctets.name(Messages.service(serial, in: Harness.zone))
        var key = CacheKey(name: name.wireBytes, at: 0, length: name.count)
        key.finish(tag: 1, qtype: .a, dnssecOK: false, checkingDisabled: false, seed: Self.seed)
        return key
    }

    func run(_ count: Int) -> UInt64 { Self.run(cache, &keys, body) }

    private static func run(
        _ cache: AnswerCache,
        // Borrowed in place: a value would be retained.
        _ keys: inout [CacheKey],
        _ body: borrowing MessageSlots
    ) -> UInt64 {
        let offsets = ttlOffsets
        var stored: UInt64 = 0
        for index in keys.indices {
            let isStored = cache.insert(
                keys[index],
                answer,
                body: body.message(0),
                ttlOffsets: offsets.span,
                now: now
            )
            if isStored { stored += 1 }
        }
        return stored
    }

    func check(_ count: Int) throws(ScenarioError) {
        let wanted = body.octets(0)
        var lost = 0
        // A look-up makes an entry popular, so only a few are looked up.
        for index in stride(from: 0, to: count, by: Self.lookedUp) {
            let found = Self.find(keys[index], cache, &reply)
            if found == nil { lost += 1 }
            guard found == nil || found == wanted else { throw ScenarioError("an answer came back changed") }
        }
        // The newest entry gives way where too many fall into one bucket of a full cache.
        guard lost <= (isFull ? 1 : 0) else { throw ScenarioError("\(lost) answers were not stored") }
        serial += count
        let statistics = cache.statistics
        guard statistics.insertions == serial else {
            throw ScenarioError("\(statistics.insertions) insertions, not \(serial)")
        }
        if serial > Self.untilFull, (statistics.evictions > 0) != isFull {
            throw ScenarioError("\(statistics.evictions) evictions")
        }
    }

    private static func find(_ key: CacheKey, _ cache: AnswerCache, _ buffer: inout WireBuffer) -> [UInt8]? {
        var reply = buffer.mutableBytes
        let hit = cache.lookup(key, now: now, available: 512, rotation: 0, into: &reply, at: 0)
        return hit.map { reply.readable.extracting(first: $0.fitted.length).toArray() }
    }
}
