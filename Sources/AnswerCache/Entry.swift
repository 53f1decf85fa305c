public import DNSWire

/// What an entry says beside its key and body.
///
/// An entry in a ring has these words; behind them key words, further TTL offsets (four to a word), body.
///
///     0  hash; 0 in padding, which goes to the ring's end
///     1  stored at, milliseconds (40), lifetime, seconds (24)
///     2  RCODE and AA (16), counts of answer, authority, additional (16 each)
///     3  octets of body, answer, answer and authority; number of TTLs (16 each)
///     4  rotation: offset, record length, count (16 each); offset of the first TTL (16)
@usableFromInline
struct Entry: Sendable, BitwiseCopyable {
    @usableFromInline
    let times: UInt64
    @usableFromInline
    let counts: UInt64
    @usableFromInline
    let lengths: UInt64
    @usableFromInline
    let rotation: UInt64

    static let fixedWords = 5

    @inline(__always)
    init(times: UInt64, counts: UInt64, lengths: UInt64, rotation: UInt64) {
        self.times = times
        self.counts = counts
        self.lengths = lengths
        self.rotation = rotation
    }

    init(_ answer: CachedAnswer, ttlOffsets: borrowing Span<UInt16>, storedAt: UInt64) {
        times = storedAt & 0xFF_FFFF_FFFF | UInt64(min(answer.lifetimeSeconds, 0xFF_FFFF)) << 40
        counts =
            UInt64(answer.responseCode.rawValue & 0x7FFF) | (answer.isAuthoritative ? 0x8000 : 0)
            | UInt64(answer.answerCount) << 16 | UInt64(answer.authorityCount) << 32
            | UInt64(answer.additionalCount) << 48
        lengths =
            UInt64(answer.length) | UInt64(answer.answerLength) << 16 | UInt64(answer.authorityEnd) << 32
            | UInt64(ttlOffsets.count) << 48
        let run = answer.rotation
        rotation =
            UInt64(run.offset) | UInt64(run.recordLength) << 16 | UInt64(run.count) << 32
            | (ttlOffsets.isEmpty ? 0 : UInt64(ttlOffsets[0]) << 48)
    }

    // MARK: Sizes

    /// Words behind the key that hold offsets of TTLs.
    @inline(__always)
    static func ttlWords(_ ttls: Int) -> Int { (ttls &+ 2) >> 2 }

    /// Words of `octets`.
    @inline(__always)
    static func words(octets: Int) -> Int { (octets &+ 7) >> 3 }

    /// Words of an entry in all.
    static func words(keyWords: Int, ttls: Int, length: Int) -> Int {
        fixedWords + keyWords + ttlWords(ttls) + words(octets: length)
    }

    @inline(__always)
    @inlinable
    var length: Int { Int(truncatingIfNeeded: lengths & 0xFFFF) }
    @inline(__always)
    var ttls: Int { Int(truncatingIfNeeded: lengths >> 48) }
    @inline(__always)
    var firstTTL: Int { Int(truncatingIfNeeded: rotation >> 48) }

    // MARK: Time

    @inline(__always)
    var storedAt: UInt64 { times & 0xFF_FFFF_FFFF }
    @inline(__always)
    @inlinable
    var lifetimeSeconds: UInt64 { times >> 40 }

    @inline(__always)
    var expiresAt: UInt64 { storedAt &+ lifetimeSeconds &* 1000 }

    /// Whether the entry is in the last tenth of its life, or the last second when that is more, and popular.
    ///
    /// Of lives below four seconds it is the last quarter, so that renewing an answer does not become polling; below
    /// five seconds an entry has to be asked for most.
    @inline(__always)
    func isDue(millisecondsLeft: UInt64, uses: UInt64) -> Bool {
        let window = min(max(lifetimeSeconds &* 100, 1000), lifetimeSeconds &* 250)
        guard millisecondsLeft <= window else { return false }
        return uses >= (lifetimeSeconds < 5 ? Slot.usesMax : 2)
    }

    /// Seconds since the answer was stored.
    @inline(__always)
    func age(now: UInt64) -> UInt32 {
        // Another worker's clock reading may be a moment ahead of ours.
        UInt32(truncatingIfNeeded: (max(now, storedAt) &- storedAt) / 1000)
    }

    // MARK: The answer

    @inline(__always)
    @inlinable
    var hasRotation: Bool { rotation >> 32 & 0xFFFF > 1 }

    @inline(__always)
    @inlinable
    var answer: CachedAnswer {
        CachedAnswer(
            responseCode: ResponseCode(rawValue: UInt16(truncatingIfNeeded: counts & 0x7FFF)),
            isAuthoritative: counts & 0x8000 != 0,
            answerCount: UInt16(truncatingIfNeeded: counts >> 16),
            authorityCount: UInt16(truncatingIfNeeded: counts >> 32),
            additionalCount: UInt16(truncatingIfNeeded: counts >> 48),
            answerLength: Int(truncatingIfNeeded: lengths >> 16 & 0xFFFF),
            authorityEnd: Int(truncatingIfNeeded: lengths >> 32 & 0xFFFF),
            length: length,
            lifetimeSeconds: UInt32(truncatingIfNeeded: lifetimeSeconds),
            rotation: CachedAnswer.Rotation(
                offset: Int(truncatingIfNeeded: rotation & 0xFFFF),
                recordLength: Int(truncatingIfNeeded: rotation >> 16 & 0xFFFF),
                count: Int(truncatingIfNeeded: rotation >> 32 & 0xFFFF)
            )
        )
    }
}
