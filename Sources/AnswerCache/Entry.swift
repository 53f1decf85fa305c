import DNSWire

/// The fixed words at the start of an entry in a ring.
///
/// Behind them: key words, TTL offsets, body.
///
///     0  words in all (24 bits), key words (8), padding flag (1)
///     1  hash
///     2  stored at, milliseconds (40), lifetime, seconds (24)
///     3  RCODE and AA (16), counts of answer, authority, additional (16 each)
///     4  octets of body, answer, answer and authority; number of TTLs (16 each)
///     5  rotation: offset, record length, count (16 each)
enum Entry {
    static let fixedWords = 6
    static let paddingFlag: UInt64 = 1 << 63

    static func head(words: Int, keyWords: Int) -> UInt64 { UInt64(words) | UInt64(keyWords) << 24 }
    static func words(_ head: UInt64) -> Int { Int(head & 0xFF_FFFF) }
    static func keyWords(_ head: UInt64) -> Int { Int(head >> 24 & 0xFF) }

    static func times(storedAt: UInt64, lifetimeSeconds: UInt32) -> UInt64 {
        storedAt & 0xFF_FFFF_FFFF | UInt64(min(lifetimeSeconds, 0xFF_FFFF)) << 40
    }
    static func storedAt(_ word: UInt64) -> UInt64 { word & 0xFF_FFFF_FFFF }
    static func lifetimeSeconds(_ word: UInt64) -> UInt64 { word >> 40 }

    static func isExpired(_ times: UInt64, now: UInt64) -> Bool {
        now >= storedAt(times) + lifetimeSeconds(times) * 1000
    }

    static func counts(_ answer: CachedAnswer) -> UInt64 {
        UInt64(answer.responseCode.rawValue & 0x7FFF) | (answer.isAuthoritative ? 0x8000 : 0)
            | UInt64(answer.answerCount) << 16 | UInt64(answer.authorityCount) << 32
            | UInt64(answer.additionalCount) << 48
    }

    static func lengths(_ answer: CachedAnswer, ttls: Int) -> UInt64 {
        UInt64(answer.length) | UInt64(answer.answerLength) << 16 | UInt64(answer.authorityEnd) << 32
            | UInt64(ttls) << 48
    }

    static func rotation(_ rotation: CachedAnswer.Rotation) -> UInt64 {
        UInt64(rotation.offset) | UInt64(rotation.recordLength) << 16 | UInt64(rotation.count) << 32
    }

    static func answer(times: UInt64, counts: UInt64, lengths: UInt64, rotation: UInt64) -> CachedAnswer {
        CachedAnswer(
            responseCode: ResponseCode(rawValue: UInt16(counts & 0x7FFF)),
            isAuthoritative: counts & 0x8000 != 0,
            answerCount: UInt16(truncatingIfNeeded: counts >> 16),
            authorityCount: UInt16(truncatingIfNeeded: counts >> 32),
            additionalCount: UInt16(truncatingIfNeeded: counts >> 48),
            answerLength: Int(lengths >> 16 & 0xFFFF),
            authorityEnd: Int(lengths >> 32 & 0xFFFF),
            length: Int(lengths & 0xFFFF),
            lifetimeSeconds: UInt32(lifetimeSeconds(times)),
            rotation: CachedAnswer.Rotation(
                offset: Int(rotation & 0xFFFF),
                recordLength: Int(rotation >> 16 & 0xFFFF),
                count: Int(rotation >> 32 & 0xFFFF)
            )
        )
    }
}
