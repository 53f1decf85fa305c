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

    /// Makes an empty cache of `sizeBytes`, at least 1 MiB.
    public init(sizeBytes: Int, seed: UInt64 = UInt64.random(in: .min ... .max)) {
        geometry = Geometry(sizeBytes: sizeBytes)
        region = Region(count: geometry.shards * geometry.wordsPerShard)
        self.seed = seed
        for shard in 0..<geometry.shards {
            // Offset 0 would make an empty slot of the first entry.
            let start = UInt64(1)
            for field in [
                ShardField.smallTail, ShardField.mainTail, ShardField.smallHead, ShardField.mainHead,
            ] {
                region.store(start, at: geometry.header(shard) + field)
            }
        }
    }

    /// The octets that the cache takes at most.
    public var sizeBytes: Int { region.count * 8 }

    /// What a look-up found.
    public struct Hit: Sendable, BitwiseCopyable {
        public var answer: CachedAnswer
        /// What was copied.
        public var fitted: FittedAnswer
        /// Seconds since the answer was stored.
        public var ageSeconds: UInt32
    }

    /// Finds an answer and copies as much as fits to `offset` of `reply`, TTLs counted down (RFC 1035 §3.2.1).
    ///
    /// - Parameters:
    ///   - available: octets that the body may have in this reply.
    ///   - rotation: which record of an address RRset comes first; any number.
    /// - Returns: nil when there is none, or it has expired.
    /// - Complexity: O(octets copied); no allocation, no lock.
    public func lookup(
        _ key: CacheKey,
        now: UInt64,
        available: Int,
        rotation: UInt32,
        into reply: inout MutableRawSpan,
        at offset: Int
    ) -> Hit? {
        let shard = geometry.shard(key.hash)
        let bucket = geometry.bucket(shard, key.hash)
        for i in 0..<Geometry.slotsPerBucket {
            let slot = Slot(word: region.loadAcquiring(bucket + i))
            guard slot.hasTag(of: key.hash), let start = entryStart(slot, shard, key) else { continue }
            let times = region.load(start + 2)
            let answer = Entry.answer(
                times: times,
                counts: region.load(start + 3),
                lengths: region.load(start + 4),
                rotation: region.load(start + 5)
            )
            let fitted = answer.fitted(into: min(available, reply.byteCount - offset))
            let ttls = Int(region.load(start + 4) >> 48)
            let ttlStart = start + Entry.fixedWords + key.count
            let bodyStart = ttlStart + (ttls + 3) / 4
            let ringEnd =
                geometry.ring(shard, isMain: slot.isMain) + geometry.ringWords(isMain: slot.isMain)
            // A torn entry may say anything: what it says must at least lie inside the ring.
            guard bodyStart + (fitted.length + 7) / 8 <= ringEnd else { return nil }
            // Another worker's clock reading may be a moment ahead of ours.
            let age = UInt32(
                truncatingIfNeeded: (max(now, Entry.storedAt(times)) - Entry.storedAt(times)) / 1000
            )
            copyBody(answer, fitted, from: bodyStart, rotation, into: &reply, at: offset)
            countDown(age, ttls, from: ttlStart, fitted.length, in: &reply, at: offset)

            atomicMemoryFence(ordering: .acquiring)
            guard isWhole(slot, shard) else { return nil }
            if Entry.isExpired(times, now: now) { return nil }
            if slot.uses < Slot.usesMax {
                region.replace(slot.word, with: slot.withUses(slot.uses + 1).word, at: bucket + i)
            }
            return Hit(answer: answer, fitted: fitted, ageSeconds: age)
        }
        return nil
    }

    /// Where the slot's entry begins, when it has this key; nil also for an entry that is being overwritten.
    @inline(__always)
    func entryStart(_ slot: Slot, _ shard: Int, _ key: CacheKey) -> Int? {
        let ringWords = geometry.ringWords(isMain: slot.isMain)
        let position = Int(slot.offset % UInt64(ringWords))
        let start = geometry.ring(shard, isMain: slot.isMain) + position
        guard position + Entry.fixedWords + key.count <= ringWords,
            region.load(start + 1) == key.hash,
            Entry.keyWords(region.load(start)) == key.count
        else { return nil }
        for i in 0..<key.count where region.load(start + Entry.fixedWords + i) != key.words[i] {
            return nil
        }
        return start
    }

    /// Whether the entry's octets are still what they were when the slot was read.
    @inline(__always)
    func isWhole(_ slot: Slot, _ shard: Int) -> Bool {
        let tail = region.load(
            geometry.header(shard) + (slot.isMain ? ShardField.mainTail : ShardField.smallTail)
        )
        return slot.offset >= tail
    }

    @inline(__always)
    private func copyBody(
        _ answer: CachedAnswer,
        _ fitted: FittedAnswer,
        from start: Int,
        _ rotation: UInt32,
        into reply: inout MutableRawSpan,
        at offset: Int
    ) {
        region.copy(from: start, length: fitted.length, to: &reply, at: offset)
        let run = answer.rotation
        guard run.count > 1, run.offset + run.count * run.recordLength <= fitted.length else { return }
        let first = Int(rotation % UInt32(run.count)) * run.recordLength
        if first > 0 {
            rotate(&reply, from: offset + run.offset, length: run.count * run.recordLength, by: first)
        }
    }

    /// Moves the first `shift` octets of a run behind the others, by three reversals.
    private func rotate(_ bytes: inout MutableRawSpan, from start: Int, length: Int, by shift: Int) {
        reverse(&bytes, start, start + shift)
        reverse(&bytes, start + shift, start + length)
        reverse(&bytes, start, start + length)
    }

    private func reverse(_ bytes: inout MutableRawSpan, _ start: Int, _ end: Int) {
        var low = start
        var high = end - 1
        while low < high {
            let left = bytes.readable.uint8(at: low)
            bytes.store(bytes.readable.uint8(at: high), at: low)
            bytes.store(left, at: high)
            low += 1
            high -= 1
        }
    }

    /// Subtracts the age from every TTL of the copied part.
    @inline(__always)
    private func countDown(
        _ age: UInt32,
        _ ttls: Int,
        from start: Int,
        _ length: Int,
        in reply: inout MutableRawSpan,
        at offset: Int
    ) {
        guard age > 0 else { return }
        for i in 0..<ttls {
            let word = region.load(start + i / 4)
            let at = Int(word >> UInt64(i % 4 * 16) & 0xFFFF)
            if at + 4 > length { break }
            let ttl = reply.readable.uint32(at: offset + at)
            reply.store(ttl > age ? ttl - age : 0, at: offset + at)
        }
    }
}

// MARK: - Figures

extension AnswerCache {
    /// Counts over all shards since the start, and entries now.
    public struct Statistics: Sendable, Equatable {
        public var entries = 0
        public var insertions: UInt64 = 0
        public var evictions: UInt64 = 0
        /// Octets between the tails and the heads of all rings.
        public var usedBytes = 0
    }

    /// Sums up the shards.
    ///
    /// Any thread; not on the packet path.
    public var statistics: Statistics {
        var sum = Statistics()
        for shard in 0..<geometry.shards {
            let header = geometry.header(shard)
            sum.entries += Int(region.load(header + ShardField.entries))
            sum.insertions += region.load(header + ShardField.insertions)
            sum.evictions += region.load(header + ShardField.evictions)
            let small =
                region.load(header + ShardField.smallHead) - region.load(header + ShardField.smallTail)
            let main = region.load(header + ShardField.mainHead) - region.load(header + ShardField.mainTail)
            sum.usedBytes += Int(small + main) * 8
        }
        return sum
    }
}
