import Synchronization

// S3-FIFO. All of this is called with the shard locked.
extension AnswerCache {
    /// Lets the tail pass entries until `words` fit at the head; false when they do not fit into an empty ring.
    func makeRoom(_ words: Int, _ shard: Int, isMain: Bool, now: UInt64) -> Bool {
        // There is a bounded number of second chances in one insertion, so that it ends.
        var secondChances = 32
        while !hasRoom(words, shard, isMain: isMain) {
            if region.load(tailIndex(shard, isMain: isMain)) == region.load(headIndex(shard, isMain: isMain))
            {
                return false
            }
            evictOldest(shard, isMain: isMain, now: now, secondChances: &secondChances)
        }
        return true
    }

    /// Whether `words` fit at the ring's head with nothing evicted.
    private func hasRoom(_ words: Int, _ shard: Int, isMain: Bool) -> Bool {
        let ring = geometry.ring(shard, isMain: isMain)
        let head = region.load(headIndex(shard, isMain: isMain))
        let used = ring.used(tail: region.load(tailIndex(shard, isMain: isMain)), head: head)
        return used + words + ring.padding(words, at: head) <= ring.words
    }

    /// Takes `words` at the head, behind padding where the ring's end comes first; returns their offset.
    func reserve(_ words: Int, _ shard: Int, isMain: Bool) -> UInt64 {
        let ring = geometry.ring(shard, isMain: isMain)
        let field = headIndex(shard, isMain: isMain)
        var head = region.load(field)
        if ring.padding(words, at: head) > 0 {
            region.store(0, at: ring.index(head))
            head = ring.nextLap(head)
        }
        region.store(ring.end(head, words: words), at: field)
        return head
    }

    private func evictOldest(_ shard: Int, isMain: Bool, now: UInt64, secondChances: inout Int) {
        let ring = geometry.ring(shard, isMain: isMain)
        let tail = region.load(tailIndex(shard, isMain: isMain))
        let start = ring.index(tail)
        let hash = region.load(start)
        guard hash != 0 else { return advanceTail(shard, isMain: isMain, to: ring.nextLap(tail)) }
        let words = region.words(entryAt: start)
        let end = ring.end(tail, words: words)
        guard let place = place(ofEntryAt: tail, hash, shard, isMain: isMain) else {
            return advanceTail(shard, isMain: isMain, to: end)
        }
        let isExpired = now >= region.entry(at: start).expiresAt + retention.load(ordering: .relaxed)
        // Nothing has to prove popular while the main ring is not full yet.
        let isPopular =
            isMain ? place.slot.uses > 0 : place.slot.uses > 1 || hasRoom(words, shard, isMain: true)
        if !isExpired, isPopular, secondChances > 0 {
            secondChances -= 1
            if isMain {
                advanceTail(shard, isMain: true, to: end)
            } else {
                // The entry stays where it is until it is copied: only the main ring's entries move meanwhile.
                _ = makeRoom(words, shard, isMain: true, now: now)
            }
            let isMoved = moveToMain(place, words, from: start, shard, hash)
            if !isMain { advanceTail(shard, isMain: false, to: end) }
            if isMoved { return }
        } else {
            if !isMain, !isExpired { addGhost(hash, shard) }
            advanceTail(shard, isMain: isMain, to: end)
        }
        region.store(0, at: place.index)
        evict(words: words, shard)
    }

    /// Copies an entry to the main ring's head; false when there is no room.
    private func moveToMain(_ place: SlotPlace, _ words: Int, from start: Int, _ shard: Int, _ hash: UInt64)
        -> Bool
    {
        // In the main ring the words just freed may lie before a gap at the ring's end.
        guard hasRoom(words, shard, isMain: true) else { return false }
        let offset = reserve(words, shard, isMain: true)
        region.move(words, from: start, to: geometry.ring(shard, isMain: true).index(offset))
        let uses = place.slot.isMain ? place.slot.uses - 1 : 0
        let slot = Slot(isMain: true, uses: uses, hash: hash, offset: offset)
        region.storeReleasing(slot.word, at: place.index)
        return true
    }

    /// A slot, and where it is.
    private struct SlotPlace: BitwiseCopyable {
        var slot: Slot
        var index: Int
    }

    /// The slot that points to the entry at `offset`, if one still does.
    private func place(ofEntryAt offset: UInt64, _ hash: UInt64, _ shard: Int, isMain: Bool) -> SlotPlace? {
        let entry = Slot(isMain: isMain, uses: 0, hash: hash, offset: offset)
        let preferred = Slot.preferred(hash)
        for choice in 0..<Geometry.choices {
            let bucket = geometry.bucket(shard, hash, choice)
            for i in 0..<Geometry.slotsPerBucket {
                let slot = Slot(word: region.load(bucket + (i ^ preferred)))
                if slot.withUses(0) == entry { return SlotPlace(slot: slot, index: bucket + (i ^ preferred)) }
            }
        }
        return nil
    }

    /// Moves the tail before anything of what it passed is overwritten, in the order that readers rely on.
    private func advanceTail(_ shard: Int, isMain: Bool, to tail: UInt64) {
        region.store(tail, at: tailIndex(shard, isMain: isMain))
        atomicMemoryFence(ordering: .releasing)
    }

    // MARK: Ghosts: parts of the hashes of entries that left the small ring unused, four to a word

    private static func ghost(_ hash: UInt64) -> UInt64 { max(hash >> 40 & 0xFFFF, 1) }

    private func addGhost(_ hash: UInt64, _ shard: Int) {
        let index = geometry.ghost(shard, hash)
        region.store(region.load(index) << 16 | Self.ghost(hash), at: index)
    }

    /// Whether the hash is among the ghosts, which it leaves.
    func takeGhost(_ hash: UInt64, _ shard: Int) -> Bool {
        let index = geometry.ghost(shard, hash)
        let word = region.load(index)
        for shift in stride(from: UInt64(0), to: 64, by: 16) where word >> shift & 0xFFFF == Self.ghost(hash)
        {
            region.store(word & ~(0xFFFF << shift), at: index)
            return true
        }
        return false
    }
}
