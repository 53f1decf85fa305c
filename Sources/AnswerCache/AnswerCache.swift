import DNSWire
import Synchronization

/// Finished answers in a fixed number of octets, shared by all workers.
///
/// Readers take no lock and write nothing but, seldom, two bits of popularity. Writers lock one of up to 64
/// shards. In a shard answers lie in two rings in the order of their arrival (S3-FIFO): new ones enter the small
/// ring, and only those asked again before they fall out of it move to the main one, so that a scan of names
/// that nobody asks twice does not displace the popular set. Offsets into a ring only ever grow; an entry is
/// whole as long as the ring's tail has not passed it, which is how a reader knows that what it copied is good.
///
/// Time is in milliseconds of a clock that never goes back.
public final class AnswerCache: Sendable {
    let region: Region
    let geometry: Geometry
    /// The secret that hashes are made with.
    public let seed: UInt64
    /// Milliseconds past its end for which an answer is worth its place.
    let retention: Atomic<UInt64>
    let flushes = Atomic<UInt32>(0)

    /// Makes an empty cache of `sizeBytes`, at least 1 MiB.
    ///
    /// - Parameter retentionSeconds: for how long an expired answer counts as one that may be asked for; longer than
    ///   that, it is the first to leave.
    public init(
        sizeBytes: Int,
        retentionSeconds: UInt32 = 0,
        seed: UInt64 = UInt64.random(in: .min ... .max)
    ) {
        retention = Atomic(UInt64(retentionSeconds) * 1000)
        geometry = Geometry(sizeBytes: sizeBytes)
        region = Region(count: geometry.words, front: geometry.frontWords)
        self.seed = seed
        for shard in 0..<geometry.shards {
            for isMain in [false, true] {
                let start = geometry.ring(shard, isMain: isMain).firstOffset
                region.store(start, at: tailIndex(shard, isMain: isMain))
                region.store(start, at: headIndex(shard, isMain: isMain))
            }
        }
    }

    /// Lets expired answers count as ones that may be asked for, for so long.
    public func retain(seconds: UInt32) { retention.store(UInt64(seconds) * 1000, ordering: .relaxed) }

    /// The octets that the cache takes at most.
    public var sizeBytes: Int { region.count * 8 }

    /// How often something was flushed.
    public var flushCount: UInt32 { flushes.load(ordering: .relaxed) }

    /// What a look-up found.
    public struct Hit: Sendable, BitwiseCopyable {
        @usableFromInline
        let entry: Entry
        /// What was copied.
        public let fitted: FittedAnswer
        /// Seconds since the answer was stored.
        public let ageSeconds: UInt32
        /// Whether the answer is near its end and asked for often enough to be renewed before.
        public let isDue: Bool
        /// Whether the answer has expired.
        public let isStale: Bool

        /// When the answer was stored, in milliseconds.
        public var storedAt: UInt64 { entry.storedAt }

        /// What was found, taken apart only where it is used.
        @inlinable
        public var answer: CachedAnswer { entry.answer }
    }

    /// Finds an answer and copies as much as fits to `offset` of `reply`, TTLs counted down (RFC 1035 §3.2.1).
    ///
    /// - Parameters:
    ///   - available: octets that the body may have in this reply.
    ///   - rotation: which record of an address RRset comes first; any number.
    /// - Returns: nil when there is none, or it has expired.
    /// - Complexity: O(octets copied); no allocation, no lock.
    public func lookup(
        _ key: borrowing @_addressable CacheKey,
        now: UInt64,
        available: Int,
        rotation: UInt32,
        into reply: inout MutableRawSpan,
        at offset: Int
    ) -> Hit? {
        let shard = geometry.shard(key.hash)
        guard let place = place(of: key, shard) else { return nil }
        let slot = place.slot
        let entry = place.entry
        let fitted = entry.answer.fitted(into: min(available, reply.byteCount - offset))
        let ttlStart = place.start &+ Entry.fixedWords &+ key.count
        guard copyBody(of: entry, ttlStart, fitted.length, rotation, into: &reply, at: offset) else {
            return nil
        }
        let age = entry.age(now: now)
        if age > 0 { countDown(age, entry, from: ttlStart, fitted.length, in: &reply, at: offset) }

        guard isWhole(slot, shard) else { return nil }
        let expiresAt = entry.expiresAt
        if now >= expiresAt { return nil }
        countUse(place)
        return Hit(
            entry: entry,
            fitted: fitted,
            ageSeconds: age,
            isDue: entry.isDue(millisecondsLeft: expiresAt &- now, uses: slot.uses),
            isStale: false
        )
    }

    /// Whether what was read of an entry so far was not overwritten meanwhile.
    @inline(__always)
    func isWhole(_ slot: Slot, _ shard: Int) -> Bool {
        atomicMemoryFence(ordering: .acquiring)
        return slot.offset >= region.load(tailIndex(shard, isMain: slot.isMain))
    }

    /// Notes that an entry was asked for.
    @inline(__always)
    func countUse(_ place: Place) {
        guard place.slot.uses < Slot.usesMax else { return }
        let more = place.slot.withUses(place.slot.uses + 1)
        region.replace(place.slot.word, with: more.word, at: place.index)
    }

    // MARK: Ahead of a look-up

    /// Lets the index of a hash come from memory while other work is done.
    ///
    /// In a cache that is larger than the processor's, a look-up waits twice: for the index, then for the entry.
    /// Who has several queries at hand asks for all indices first, then for all entries, then looks them up.
    public func prefetchIndex(_ hash: UInt64) {
        region.prefetch(geometry.bucket(geometry.shard(hash), hash, 0))
    }

    /// Lets the entry of a hash come from memory while other work is done, if the index has it at its first place.
    public func prefetchEntry(_ hash: UInt64) {
        let shard = geometry.shard(hash)
        let bucket = geometry.bucket(shard, hash, 0)
        let preferred = Slot.preferred(hash)
        for i in 0..<Geometry.slotsPerBucket {
            let slot = Slot(word: region.load(bucket &+ (i ^ preferred)))
            guard slot.hasTag(of: hash) else { continue }
            let start = geometry.ring(shard, isMain: slot.isMain).index(slot.offset)
            region.prefetch(start)
            // An entry with one record takes most of two lines.
            return region.prefetch(start &+ Geometry.slotsPerBucket)
        }
    }

    // MARK: Index

    /// An entry that was found, and by which slot.
    struct Place: BitwiseCopyable {
        var slot: Slot
        /// The slot's word.
        var index: Int
        /// The entry's first word.
        var start: Int
        var entry: Entry
    }

    /// The place whose entry has this key; nil also for an entry that is being overwritten.
    @inline(__always)
    func place(of key: borrowing @_addressable CacheKey, _ shard: Int) -> Place? {
        let hash = key.hash
        let preferred = Slot.preferred(hash)
        for choice in 0..<Geometry.choices {
            let bucket = geometry.bucket(shard, hash, choice)
            for i in 0..<Geometry.slotsPerBucket {
                let index = bucket &+ (i ^ preferred)
                let slot = Slot(word: region.loadAcquiring(index))
                guard slot.hasTag(of: hash) else { continue }
                let start = geometry.ring(shard, isMain: slot.isMain).index(slot.offset)
                if let entry = region.entry(at: start, of: key) {
                    return Place(slot: slot, index: index, start: start, entry: entry)
                }
            }
        }
        return nil
    }

    @inline(__always)
    func headIndex(_ shard: Int, isMain: Bool) -> Int {
        geometry.header(shard) &+ (isMain ? ShardField.mainHead : ShardField.smallHead)
    }

    @inline(__always)
    func tailIndex(_ shard: Int, isMain: Bool) -> Int {
        geometry.header(shard) &+ (isMain ? ShardField.mainTail : ShardField.smallTail)
    }

    // MARK: Body

    /// Copies the first `length` octets of an entry's body, whose TTL offsets begin at `ttlStart`; false when the
    /// entry says what cannot be.
    ///
    /// One that is being overwritten may say anything: whether it was whole has to be looked at afterwards.
    @inline(__always)
    func copyBody(
        of entry: Entry,
        _ ttlStart: Int,
        _ length: Int,
        _ rotation: UInt32,
        into reply: inout MutableRawSpan,
        at offset: Int
    ) -> Bool {
        let start = ttlStart &+ Entry.ttlWords(entry.ttls)
        guard region.copy(from: start, length: length, to: &reply, at: offset) else { return false }
        if entry.hasRotation {
            copyRotated(entry.answer.rotation, length, from: start, rotation, into: &reply, at: offset)
        }
        return true
    }

    /// Writes a run of records again, another one first.
    private func copyRotated(
        _ run: CachedAnswer.Rotation,
        _ length: Int,
        from start: Int,
        _ rotation: UInt32,
        into reply: inout MutableRawSpan,
        at offset: Int
    ) {
        let runLength = run.count * run.recordLength
        guard run.offset + runLength <= length else { return }
        let first = Int(rotation % UInt32(run.count)) * run.recordLength
        guard first > 0 else { return }
        region.copy(
            from: start,
            skipping: run.offset + first,
            length: runLength - first,
            to: &reply,
            at: offset + run.offset
        )
        region.copy(
            from: start,
            skipping: run.offset,
            length: first,
            to: &reply,
            at: offset + run.offset + runLength - first
        )
    }

    /// Subtracts the age from every TTL of the copied part.
    @inline(__always)
    func countDown(
        _ age: UInt32,
        _ entry: Entry,
        from start: Int,
        _ length: Int,
        in reply: inout MutableRawSpan,
        at offset: Int
    ) {
        let ttls = entry.ttls
        guard ttls > 0 else { return }
        Self.countDown(age, entry.firstTTL, length, in: &reply, at: offset)
        for i in 0..<(ttls &- 1) {
            let word = region.load(start &+ i >> 2) >> UInt64(truncatingIfNeeded: (i & 3) &* 16)
            Self.countDown(age, Int(truncatingIfNeeded: word & 0xFFFF), length, in: &reply, at: offset)
        }
    }

    /// Subtracts the age from the TTL at `place` of the body, if that much of it was copied.
    @inline(__always)
    private static func countDown(
        _ age: UInt32,
        _ place: Int,
        _ length: Int,
        in reply: inout MutableRawSpan,
        at offset: Int
    ) {
        guard place &+ 4 <= length else { return }
        let ttl = reply.readable.uint32(at: offset &+ place)
        reply.store(ttl > age ? ttl &- age : 0, at: offset &+ place)
    }
}
