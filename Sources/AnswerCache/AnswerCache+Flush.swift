// Taking out what an operator names, beside readers and writers.
public import DNSWire
import Synchronization

/// What a flush takes out: the entries for which all of it holds; without any condition, all entries.
public struct FlushSelection: Sendable, Equatable {
    /// The name that was asked for.
    public var name: DomainName?
    /// Whether names below it are meant, too.
    public var includesSubtree: Bool
    public var type: RecordType?
    /// The cache tag of a route.
    public var tag: UInt32?
    /// Whether only NXDOMAIN and NODATA are meant.
    public var negativesOnly: Bool

    public init(
        name: DomainName? = nil,
        includesSubtree: Bool = false,
        type: RecordType? = nil,
        tag: UInt32? = nil,
        negativesOnly: Bool = false
    ) {
        self.name = name
        self.includesSubtree = includesSubtree
        self.type = type
        self.tag = tag
        self.negativesOnly = negativesOnly
    }
}

extension AnswerCache {
    /// Takes out what is selected, expired or not; returns how many entries that were.
    ///
    /// A look-up that begins after the return finds none of them. Questions that were in flight before are stored no
    /// more, when `insert` is told since when they are: whatever was flushed, they may bring it back.
    ///
    /// One thread at a time. Writers of a shard wait for one step at most, readers never.
    public func flush(_ selection: FlushSelection) -> Int {
        // Before anything is looked at: what is stored from now on was asked for after that, or is refused.
        flushes.wrappingAdd(1, ordering: .sequentiallyConsistent)
        return (0..<geometry.shards).reduce(0) { $0 + flush(selection, $1) }
    }

    private func flush(_ selection: FlushSelection, _ shard: Int) -> Int {
        let header = geometry.header(shard)
        var removed = 0
        var bucket = 0
        while bucket < geometry.buckets {
            let end = min(bucket + Self.bucketsPerStep, geometry.buckets)
            region.lock(header + ShardField.lock)
            for i in bucket..<end { removed += flush(selection, bucket: i, shard) }
            // What has been looked at must not get entries that have not been.
            region.store(end == geometry.buckets ? 0 : UInt64(end), at: header + ShardField.flushedBuckets)
            region.unlock(header + ShardField.lock)
            bucket = end
        }
        return removed
    }

    /// Buckets that are looked at with the shard locked: 256 entries, some ten microseconds.
    static let bucketsPerStep = 32

    private func flush(_ selection: FlushSelection, bucket: Int, _ shard: Int) -> Int {
        let first = geometry.index(shard) + bucket * Geometry.slotsPerBucket
        var removed = 0
        for index in first..<(first + Geometry.slotsPerBucket) {
            let slot = Slot(word: region.load(index))
            guard !slot.isEmpty else { continue }
            let start = geometry.ring(shard, isMain: slot.isMain).index(slot.offset)
            guard isSelected(selection, entryAt: start) else { continue }
            evict(slot, shard)
            region.storeReleasing(0, at: index)
            removed += 1
        }
        return removed
    }

    private func isSelected(_ selection: FlushSelection, entryAt start: Int) -> Bool {
        let head = region.load(start + Entry.fixedWords)
        if let tag = selection.tag, UInt32(truncatingIfNeeded: head >> 32) != tag { return false }
        if let type = selection.type, UInt16(truncatingIfNeeded: head >> 16) != type.rawValue { return false }
        if selection.negativesOnly, !region.entry(at: start).answer.isNegative { return false }
        guard let name = selection.name else { return true }
        let length = Int(head & 0xFF)
        guard selection.includesSubtree ? length >= name.length : length == name.length else { return false }
        guard let stored = storedName(entryAt: start, length: length) else { return false }
        return selection.includesSubtree ? stored.isAtOrBelow(name) : stored == name
    }

    private func storedName(entryAt start: Int, length: Int) -> DomainName? {
        var buffer = WireBuffer(capacity: WireLimits.nameLength)
        var octets = buffer.mutableBytes
        var offset = 0
        guard region.copy(from: start + Entry.fixedWords + 1, length: length, to: &octets, at: 0) else {
            return nil
        }
        return try? DomainName(octets.readable.extracting(first: length), at: &offset)
    }
}

extension CachedAnswer {
    /// Whether it denies: NXDOMAIN, or no record of the type (RFC 2308 §2).
    public var isNegative: Bool { responseCode == .nxDomain || answerCount == 0 }
}
