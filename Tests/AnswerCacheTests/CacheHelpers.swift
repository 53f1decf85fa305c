import AnswerCache
import DNSWire
import Testing

/// A generator with a fixed seed (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What a look-up gave, with the octets that were copied.
struct Found: Equatable {
    var answer: CachedAnswer
    var fitted: FittedAnswer
    var age: UInt32
    var body: [UInt8]
}

extension AnswerCache {
    /// The key of a name as this cache hashes it.
    func key(
        _ name: String,
        tag: UInt32 = 1,
        _ qtype: RecordType = .a,
        dnssecOK: Bool = false,
        checkingDisabled: Bool = false
    ) throws -> CacheKey {
        var key = CacheKey(try #require(DomainName(name)))
        key.finish(
            tag: tag,
            qtype: qtype,
            dnssecOK: dnssecOK,
            checkingDisabled: checkingDisabled,
            seed: seed
        )
        return key
    }

    /// Stores a body as one answer section without TTLs, unless said otherwise.
    @discardableResult
    func insert(
        _ key: CacheKey,
        _ body: [UInt8],
        ttlOffsets: [UInt16] = [],
        lifetime: UInt32 = 60,
        now: UInt64 = 0
    ) -> Bool {
        let answer = CachedAnswer(
            responseCode: .noError,
            answerCount: 1,
            answerLength: body.count,
            authorityEnd: body.count,
            length: body.count,
            lifetimeSeconds: lifetime
        )
        return insert(key, answer, body, ttlOffsets: ttlOffsets, now: now)
    }

    /// Stores a body with counts and lengths of its own.
    @discardableResult
    func insert(
        _ key: CacheKey,
        _ answer: CachedAnswer,
        _ body: [UInt8],
        ttlOffsets: [UInt16] = [],
        now: UInt64 = 0
    ) -> Bool {
        insert(key, answer, body: body.wireBytes, ttlOffsets: ttlOffsets.span, now: now)
    }

    /// Looks a key up and copies the octets out.
    func find(
        _ key: CacheKey,
        now: UInt64 = 0,
        available: Int = WireLimits.messageLength,
        rotation: UInt32 = 0,
        offset: Int = 0,
        in buffer: inout WireBuffer
    ) -> Found? {
        var reply = buffer.mutableBytes
        guard
            let hit = lookup(
                key,
                now: now,
                available: available,
                rotation: rotation,
                into: &reply,
                at: offset
            )
        else { return nil }
        return Found(
            answer: hit.answer,
            fitted: hit.fitted,
            age: hit.ageSeconds,
            body: reply.readable.extracting(offset..<(offset + hit.fitted.length)).toArray()
        )
    }

    /// The same with a buffer of its own, large enough for what these tests store.
    func find(
        _ key: CacheKey,
        now: UInt64 = 0,
        available: Int = WireLimits.messageLength,
        rotation: UInt32 = 0,
        capacity: Int = 4096
    ) -> Found? {
        var buffer = WireBuffer(capacity: capacity)
        return find(key, now: now, available: available, rotation: rotation, in: &buffer)
    }

    /// Whether a key is found, as a client that asks for it would find it.
    func has(_ key: CacheKey, now: UInt64 = 0) -> Bool { find(key, now: now, capacity: 128) != nil }
}
