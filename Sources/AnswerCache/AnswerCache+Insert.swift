import DNSWire
import Synchronization

extension AnswerCache {
    /// Stores an answer, in place of what the key had.
    ///
    /// - Parameters:
    ///   - body: the sections behind the question, `answer.length` octets.
    ///   - ttlOffsets: where the TTLs stand in the body, ascending.
    ///   - unlessPresent: whether what the key has, if anything, stays.
    ///   - flushCount: what it was when the question was asked; nil when a flush since then does not matter.
    /// - Returns: false when the answer is too large for this cache, its lifetime is 0, something was flushed since
    ///   it was asked for, or there is one already that stays; nothing changes then.
    @discardableResult
    public func insert(
        _ key: borrowing @_addressable CacheKey,
        _ answer: CachedAnswer,
        body: borrowing RawSpan,
        ttlOffsets: borrowing Span<UInt16>,
        unlessPresent: Bool = false,
        since flushCount: UInt32? = nil,
        now: UInt64
    ) -> Bool {
        let words = Entry.words(keyWords: key.count, ttls: ttlOffsets.count, length: body.byteCount)
        guard answer.lifetimeSeconds > 0, body.byteCount == answer.length,
            body.byteCount <= WireLimits.messageLength, words <= geometry.mainWords / 4
        else { return false }

        let hash = key.hash
        let shard = geometry.shard(hash)
        let header = geometry.header(shard)
        prefetchForInsert(hash, shard)
        region.lock(header + ShardField.lock)
        defer { region.unlock(header + ShardField.lock) }
        // With the lock: a flush that has been here is seen, and one that comes will look at what is stored.
        if let flushCount, flushCount != self.flushCount { return false }

        let previous = place(of: key, shard)
        if unlessPresent, previous != nil { return false }
        // An answer that is renewed stays where its popularity had brought it.
        let hasProved = previous?.slot.isMain ?? takeGhost(hash, shard)
        // The small ring has no room for what is large, however it came there before.
        let isMain = hasProved || words > geometry.smallWords / 4
        guard makeRoom(words, shard, isMain: isMain, now: now) else { return false }
        let offset = reserve(words, shard, isMain: isMain)
        let start = geometry.ring(shard, isMain: isMain).index(offset)
        region.store(
            Entry(answer, ttlOffsets: ttlOffsets, storedAt: now),
            key,
            ttlOffsets: ttlOffsets,
            at: start
        )
        region.store(body, at: start + words - Entry.words(octets: body.byteCount))
        publish(hash, at: offset, isMain: isMain, words: words, instead: previous?.index, shard)
        return true
    }

    /// Lets what an insertion reads and writes come from memory together, not one after the other.
    private func prefetchForInsert(_ hash: UInt64, _ shard: Int) {
        for choice in 0..<Geometry.choices { region.prefetch(geometry.bucket(shard, hash, choice)) }
        region.prefetch(geometry.ghost(shard, hash))
        let ring = geometry.ring(shard, isMain: false)
        region.prefetch(ring.index(region.load(headIndex(shard, isMain: false))))
        region.prefetch(ring.index(region.load(tailIndex(shard, isMain: false))))
    }

    /// Makes the index point to a new entry.
    private func publish(
        _ hash: UInt64,
        at offset: UInt64,
        isMain: Bool,
        words: Int,
        instead previous: Int?,
        _ shard: Int
    ) {
        var index = 0
        var uses: UInt64 = 0
        // An entry that moves keeps its slot, and one that making room removed has left it empty.
        let current = previous.map { Slot(word: region.load($0)) }
        if let previous, let current, !current.isEmpty {
            index = previous
            uses = current.uses
            count(-1, words: -self.words(of: current, shard), shard)
        } else {
            index = previous ?? freeSlot(hash, shard)
        }
        let slot = Slot(isMain: isMain, uses: uses, hash: hash, offset: offset)
        region.storeReleasing(slot.word, at: index)
        count(1, words: words, shard)
        add(1, ShardField.insertions, shard)
    }

    /// A slot for a new entry: an empty one, else that of another entry, which moves to its other bucket if that has
    /// room, else that of the least used and oldest entry, which is lost.
    private func freeSlot(_ hash: UInt64, _ shard: Int) -> Int {
        let preferred = Slot.preferred(hash)
        var victim = 0
        var victimRank = UInt64.max
        for choice in 0..<Geometry.choices {
            let bucket = geometry.bucket(shard, hash, choice)
            for i in 0..<Geometry.slotsPerBucket {
                let index = bucket + (i ^ preferred)
                let slot = Slot(word: region.load(index))
                if slot.isEmpty { return index }
                let rank = slot.uses << 49 | (slot.isMain ? 1 << 48 : 0) | slot.offset
                if rank < victimRank {
                    victimRank = rank
                    victim = index
                }
            }
        }
        for choice in 0..<Geometry.choices {
            if let index = relocate(from: geometry.bucket(shard, hash, choice), shard) { return index }
        }
        // The entry stays in its ring unreachable until the tail passes it.
        evict(Slot(word: region.load(victim)), shard)
        return victim
    }

    /// Moves one of a full bucket's slots to the other bucket of its entry; returns the slot that is empty then.
    ///
    /// A reader that looks for the entry at that moment may miss it, as if it had come a moment earlier.
    private func relocate(from bucket: Int, _ shard: Int) -> Int? {
        let flushed = Int(region.load(geometry.header(shard) + ShardField.flushedBuckets))
        let flushedEnd = geometry.index(shard) + flushed * Geometry.slotsPerBucket
        for index in bucket..<(bucket + Geometry.slotsPerBucket) {
            let slot = Slot(word: region.load(index))
            let hash = region.load(geometry.ring(shard, isMain: slot.isMain).index(slot.offset))
            let isInFirst = geometry.bucket(shard, hash, 0) == bucket
            let other = geometry.bucket(shard, hash, isInFirst ? 1 : 0)
            // Not past a flush that has yet to look at it.
            if other < flushedEnd, bucket >= flushedEnd { continue }
            for target in other..<(other + Geometry.slotsPerBucket) where region.load(target) == 0 {
                region.storeReleasing(slot.word, at: target)
                region.store(0, at: index)
                return index
            }
        }
        return nil
    }

    // MARK: Counters

    /// Counts an entry that leaves.
    func evict(_ slot: Slot, _ shard: Int) {
        evict(words: words(of: slot, shard), shard)
    }

    func evict(words: Int, _ shard: Int) {
        count(-1, words: -words, shard)
        add(1, ShardField.evictions, shard)
    }

    private func count(_ entries: Int, words: Int, _ shard: Int) {
        add(entries, ShardField.entries, shard)
        add(words, ShardField.liveWords, shard)
    }

    private func add(_ amount: Int, _ field: Int, _ shard: Int) {
        let index = geometry.header(shard) + field
        region.store(region.load(index) &+ UInt64(bitPattern: Int64(amount)), at: index)
    }

    /// Words of the entry that a slot points to.
    private func words(of slot: Slot, _ shard: Int) -> Int {
        region.words(entryAt: geometry.ring(shard, isMain: slot.isMain).index(slot.offset))
    }
}
