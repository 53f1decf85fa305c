import Synchronization

extension AnswerCache {
    /// Counts over all shards since the start, and what is where now.
    ///
    /// While nobody writes, `usedBytes`, `freeBytes` and `overheadBytes` make up `sizeBytes`.
    public struct Statistics: Sendable, Equatable {
        /// Entries that can be found, expired ones included.
        public var entries = 0
        public var insertions: UInt64 = 0
        /// Entries that left without being replaced by their own renewal.
        public var evictions: UInt64 = 0
        /// Octets of the entries that can be found.
        public var liveBytes = 0
        /// Octets between the tails and the heads of all rings: those entries, and what nothing points to any more.
        public var usedBytes = 0
        /// Octets of all rings that hold nothing.
        public var freeBytes = 0
        /// Octets of headers, index and ghosts.
        public var overheadBytes = 0
    }

    /// Sums up the shards.
    ///
    /// Any thread; not on the packet path.
    public var statistics: Statistics {
        var sum = Statistics()
        var rings = 0
        for shard in 0..<geometry.shards {
            let header = geometry.header(shard)
            sum.entries += Int(region.load(header + ShardField.entries))
            sum.insertions += region.load(header + ShardField.insertions)
            sum.evictions += region.load(header + ShardField.evictions)
            sum.liveBytes += Int(region.load(header + ShardField.liveWords)) * 8
            for isMain in [false, true] {
                sum.usedBytes += usedWords(shard, isMain: isMain) * 8
                rings += geometry.ring(shard, isMain: isMain).words * 8
            }
        }
        sum.freeBytes = rings - sum.usedBytes
        sum.overheadBytes = sizeBytes - rings
        return sum
    }

    // The tail first: it never passes a head that is read later, whatever writers do meanwhile.
    private func usedWords(_ shard: Int, isMain: Bool) -> Int {
        let ring = geometry.ring(shard, isMain: isMain)
        let tail = region.loadAcquiring(tailIndex(shard, isMain: isMain))
        let head = region.load(headIndex(shard, isMain: isMain))
        return min(ring.used(tail: tail, head: head), ring.words)
    }
}
