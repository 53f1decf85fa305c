import DNSWire
import Synchronization

extension AnswerCache {
    /// Stores an answer, in place of what the key had.
    ///
    /// - Parameters:
    ///   - body: the sections behind the question, `answer.length` octets.
    ///   - ttlOffsets: where the TTLs stand in the body, ascending.
    /// - Returns: false when the answer is too large for this cache or its lifetime is 0; nothing changes then.
    @discardableResult
    public func insert(
        _ key: CacheKey,
        _ answer: CachedAnswer,
        body: borrowing RawSpan,
        ttlOffsets: borrowing Span<UInt16>,
        now: UInt64
    ) -> Bool {
        let words =
            Entry.fixedWords + key.count + (ttlOffsets.count + 3) / 4 + (body.byteCount + 7) / 8
        guard answer.lifetimeSeconds > 0, body.byteCount == answer.length,
            body.byteCount <= WireLimits.messageLength, words <= geometry.mainWords / 4
        else { return false }

        let shard = geometry.shard(key.hash)
        let header = geometry.header(shard)
        region.lock(header + ShardField.lock)
        defer { region.unlock(header + ShardField.lock) }

        let previous = find(key, shard)
        let wasGhost = takeGhost(key.hash, shard)
        // An answer that is renewed stays where its popularity had brought it.
        let isMain = previous?.slot.isMain ?? wasGhost || words > geometry.smallWords / 4
        makeRoom(words, shard, isMain: isMain, now: now)

        let offset = reserve(words, shard, isMain: isMain)
        let start =
            geometry.ring(shard, isMain: isMain) + Int(offset % UInt64(geometry.ringWords(isMain: isMain)))
        write(key, answer, body, ttlOffsets, words: words, now: now, at: start)

        // Making room may have moved or removed the previous entry.
        let current = find(key, shard)
        let uses = current?.slot.uses ?? 0
        let slot = Slot(isMain: isMain, uses: uses, hash: key.hash, offset: offset)
        let index = current?.index ?? freeSlot(geometry.bucket(shard, key.hash), shard)
        region.storeReleasing(slot.word, at: index)
        add(current == nil ? 1 : 0, to: header + ShardField.entries)
        add(1, to: header + ShardField.insertions)
        return true
    }

    // MARK: Index

    /// The slot that holds the key's entry now.
    ///
    /// The shard is locked.
    private func find(_ key: CacheKey, _ shard: Int) -> (slot: Slot, index: Int)? {
        let bucket = geometry.bucket(shard, key.hash)
        for i in 0..<Geometry.slotsPerBucket {
            let slot = Slot(word: region.load(bucket + i))
            if slot.hasTag(of: key.hash), entryStart(slot, shard, key) != nil { return (slot, bucket + i) }
        }
        return nil
    }

    /// A slot of the bucket for a new entry: an empty one, else that of the least used and oldest entry.
    private func freeSlot(_ bucket: Int, _ shard: Int) -> Int {
        var victim = bucket
        var victimRank = UInt64.max
        for i in 0..<Geometry.slotsPerBucket {
            let slot = Slot(word: region.load(bucket + i))
            if slot.isEmpty { return bucket + i }
            let rank = slot.uses << 49 | (slot.isMain ? 1 << 48 : 0) | slot.offset
            if rank < victimRank {
                victimRank = rank
                victim = bucket + i
            }
        }
        // The entry stays in its ring unreachable until the tail passes it.
        count(eviction: shard)
        return victim
    }

    private func count(eviction shard: Int) {
        let header = geometry.header(shard)
        region.store(region.load(header + ShardField.entries) - 1, at: header + ShardField.entries)
        add(1, to: header + ShardField.evictions)
    }

    private func add(_ amount: UInt64, to index: Int) {
        region.store(region.load(index) &+ amount, at: index)
    }

    // MARK: Ghosts: hashes of entries that left the small ring unused

    private func takeGhost(_ hash: UInt64, _ shard: Int) -> Bool {
        let index = geometry.ghost(shard, hash)
        guard region.load(index) == hash else { return false }
        region.store(0, at: index)
        return true
    }

    // MARK: Rings

    private func headField(_ isMain: Bool) -> Int { isMain ? ShardField.mainHead : ShardField.smallHead }
    private func tailField(_ isMain: Bool) -> Int { isMain ? ShardField.mainTail : ShardField.smallTail }

    /// Words up to the ring's end that an entry of `words` cannot use.
    private func padding(_ words: Int, at head: UInt64, ringWords: Int) -> Int {
        let toEnd = ringWords - Int(head % UInt64(ringWords))
        return toEnd < words ? toEnd : 0
    }

    /// Lets the tail pass entries until `words` fit at the head.
    private func makeRoom(_ words: Int, _ shard: Int, isMain: Bool, now: UInt64) {
        let header = geometry.header(shard)
        let ringWords = geometry.ringWords(isMain: isMain)
        // Each entry gets a bounded number of second chances in one insertion, so that it ends.
        var secondChances = 32
        while true {
            let head = region.load(header + headField(isMain))
            let tail = region.load(header + tailField(isMain))
            let needed = words + padding(words, at: head, ringWords: ringWords)
            if Int(head - tail) + needed <= ringWords { return }
            evictOldest(shard, isMain: isMain, tail: tail, now: now, secondChances: &secondChances)
        }
    }

    private func evictOldest(
        _ shard: Int,
        isMain: Bool,
        tail: UInt64,
        now: UInt64,
        secondChances: inout Int
    ) {
        let start =
            geometry.ring(shard, isMain: isMain) + Int(tail % UInt64(geometry.ringWords(isMain: isMain)))
        let head = region.load(start)
        let words = Entry.words(head)
        let slot = head & Entry.paddingFlag == 0 ? slotOf(entryAt: tail, start, shard, isMain: isMain) : nil
        guard let (slot, index) = slot else {
            return advanceTail(shard, isMain: isMain, to: tail + UInt64(words))
        }
        let hash = region.load(start + 1)
        let isExpired = Entry.isExpired(region.load(start + 2), now: now)
        // Nothing has to prove popular while the main ring is not full yet.
        let isPopular = isMain ? slot.uses > 0 : slot.uses > 1 || mainHasRoom(words, shard)
        if !isExpired, isPopular, secondChances > 0, words <= Self.movableWords {
            secondChances -= 1
            var copy = InlineArray<512, UInt64>(repeating: 0)
            for i in 0..<words { copy[i] = region.load(start + i) }
            advanceTail(shard, isMain: isMain, to: tail + UInt64(words))
            if !isMain { makeRoom(words, shard, isMain: true, now: now) }
            // In the main ring the words just freed may lie before a gap at the ring's end.
            if mainHasRoom(words, shard) {
                let offset = reserve(words, shard, isMain: true)
                let target = geometry.ring(shard, isMain: true) + Int(offset % UInt64(geometry.mainWords))
                for i in 0..<words { region.store(copy[i], at: target + i) }
                // Making room above may have used the bucket's slot otherwise.
                if Slot(word: region.load(index)).withUses(0) == slot.withUses(0) {
                    let moved = Slot(
                        isMain: true,
                        uses: isMain ? slot.uses - 1 : 0,
                        hash: hash,
                        offset: offset
                    )
                    return region.storeReleasing(moved.word, at: index)
                }
            }
        } else {
            if !isMain, !isExpired { region.store(hash, at: geometry.ghost(shard, hash)) }
            advanceTail(shard, isMain: isMain, to: tail + UInt64(words))
        }
        if Slot(word: region.load(index)).withUses(0) == slot.withUses(0) {
            region.store(0, at: index)
            count(eviction: shard)
        }
    }

    /// Whether `words` fit at the main ring's head with nothing evicted.
    private func mainHasRoom(_ words: Int, _ shard: Int) -> Bool {
        let header = geometry.header(shard)
        let head = region.load(header + ShardField.mainHead)
        let used = Int(head - region.load(header + ShardField.mainTail))
        return used + words + padding(words, at: head, ringWords: geometry.mainWords) <= geometry.mainWords
    }

    /// Larger entries are not moved but dropped: the copy is made on the stack.
    private static var movableWords: Int { 512 }

    /// The slot that points to the entry at `offset`, if one still does.
    private func slotOf(entryAt offset: UInt64, _ start: Int, _ shard: Int, isMain: Bool) -> (Slot, Int)? {
        let bucket = geometry.bucket(shard, region.load(start + 1))
        for i in 0..<Geometry.slotsPerBucket {
            let slot = Slot(word: region.load(bucket + i))
            if !slot.isEmpty, slot.isMain == isMain, slot.offset == offset { return (slot, bucket + i) }
        }
        return nil
    }

    /// Moves the tail before anything of what it passed is overwritten, in the order that readers rely on.
    private func advanceTail(_ shard: Int, isMain: Bool, to tail: UInt64) {
        region.store(tail, at: geometry.header(shard) + tailField(isMain))
        atomicMemoryFence(ordering: .releasing)
    }

    /// Takes `words` at the head, behind padding where the ring's end comes first; returns their offset.
    private func reserve(_ words: Int, _ shard: Int, isMain: Bool) -> UInt64 {
        let header = geometry.header(shard)
        let ringWords = geometry.ringWords(isMain: isMain)
        var head = region.load(header + headField(isMain))
        let gap = padding(words, at: head, ringWords: ringWords)
        if gap > 0 {
            let start = geometry.ring(shard, isMain: isMain) + Int(head % UInt64(ringWords))
            region.store(Entry.head(words: gap, keyWords: 0) | Entry.paddingFlag, at: start)
            head += UInt64(gap)
        }
        region.store(head + UInt64(words), at: header + headField(isMain))
        return head
    }

    private func write(
        _ key: CacheKey,
        _ answer: CachedAnswer,
        _ body: borrowing RawSpan,
        _ ttlOffsets: borrowing Span<UInt16>,
        words: Int,
        now: UInt64,
        at start: Int
    ) {
        region.store(Entry.head(words: words, keyWords: key.count), at: start)
        region.store(key.hash, at: start + 1)
        region.store(
            Entry.times(storedAt: now, lifetimeSeconds: answer.lifetimeSeconds),
            at: start + 2
        )
        region.store(Entry.counts(answer), at: start + 3)
        region.store(Entry.lengths(answer, ttls: ttlOffsets.count), at: start + 4)
        region.store(Entry.rotation(answer.rotation), at: start + 5)
        var position = start + Entry.fixedWords
        for i in 0..<key.count { region.store(key.words[i], at: position + i) }
        position += key.count
        var word: UInt64 = 0
        for i in 0..<ttlOffsets.count {
            word |= UInt64(ttlOffsets[i]) << UInt64(i % 4 * 16)
            if i % 4 == 3 || i == ttlOffsets.count - 1 {
                region.store(word, at: position)
                position += 1
                word = 0
            }
        }
        var i = 0
        while i + 8 <= body.byteCount {
            region.store(body.word(at: i), at: position)
            position += 1
            i += 8
        }
        if i < body.byteCount {
            var last: UInt64 = 0
            for j in i..<body.byteCount { last |= UInt64(body.uint8(at: j)) << UInt64((j - i) * 8) }
            region.store(last, at: position)
        }
    }
}
