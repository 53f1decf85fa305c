// Reading all entries, to keep them beyond the process.
public import DNSWire
import Synchronization

/// An answer as it lies in the cache, with what it is found by.
public struct SavedAnswer: Sendable, Equatable {
    /// The cache tag of its route.
    public var tag: UInt32
    /// Letters folded.
    public var qname: DomainName
    public var qtype: RecordType
    public var dnssecOK: Bool
    public var checkingDisabled: Bool
    public var answer: CachedAnswer
    /// The sections behind the question, `answer.length` octets, TTLs as they were when it was stored.
    public var body: [UInt8]
    /// Milliseconds.
    public var storedAt: UInt64

    public init(
        tag: UInt32,
        qname: DomainName,
        qtype: RecordType,
        dnssecOK: Bool,
        checkingDisabled: Bool,
        answer: CachedAnswer,
        body: [UInt8],
        storedAt: UInt64
    ) {
        self.tag = tag
        self.qname = qname
        self.qtype = qtype
        self.dnssecOK = dnssecOK
        self.checkingDisabled = checkingDisabled
        self.answer = answer
        self.body = body
        self.storedAt = storedAt
    }
}

/// Walks over all entries of a cache, a few hundred at a time.
public struct SavingCursor {
    private let cache: AnswerCache
    private var shard = 0
    private var bucket = 0

    fileprivate init(_ cache: AnswerCache) { self.cache = cache }

    /// The next answers that are still worth their place, perhaps none; nil behind the last.
    public mutating func next(now: UInt64) -> [SavedAnswer]? {
        guard shard < cache.geometry.shards else { return nil }
        let end = min(bucket + AnswerCache.bucketsPerStep, cache.geometry.buckets)
        let copies = cache.copies(bucket..<end, shard)
        (shard, bucket) = end < cache.geometry.buckets ? (shard, end) : (shard + 1, 0)
        let retention = cache.retention.load(ordering: .relaxed)
        return copies.compactMap { SavedAnswer(words: $0) }.filter { now < $0.expiresAt + retention }
    }
}

extension AnswerCache {
    /// A walk over all entries.
    ///
    /// What is stored, renewed or moved meanwhile may be left out. Writers of a shard wait for one step at most,
    /// readers never. Allocates; not for the packet path.
    public func saving() -> SavingCursor { SavingCursor(self) }

    fileprivate func copies(_ buckets: Range<Int>, _ shard: Int) -> [[UInt64]] {
        let lock = geometry.header(shard) + ShardField.lock
        let slots = geometry.index(shard) + buckets.lowerBound * Geometry.slotsPerBucket
        region.lock(lock)
        defer { region.unlock(lock) }
        return (slots..<(slots + buckets.count * Geometry.slotsPerBucket)).compactMap { index in
            let slot = Slot(word: region.load(index))
            guard !slot.isEmpty else { return nil }
            let start = geometry.ring(shard, isMain: slot.isMain).index(slot.offset)
            return (start..<(start + region.words(entryAt: start))).map { region.load($0) }
        }
    }
}

extension SavedAnswer {
    /// When it expires, in milliseconds.
    public var expiresAt: UInt64 { storedAt + UInt64(answer.lifetimeSeconds) * 1000 }

    /// Reads the words of an entry.
    fileprivate init?(words: [UInt64]) {
        let entry = Entry(times: words[1], counts: words[2], lengths: words[3], rotation: words[4])
        let head = words[Entry.fixedWords]
        let nameLength = Int(head & 0xFF)
        let nameStart = Entry.fixedWords + 1
        let keyEnd = Entry.fixedWords + CacheKey.count(nameLength)
        let bodyStart = keyEnd + Entry.ttlWords(entry.ttls)
        let name = Self.octets(words[nameStart..<keyEnd], count: nameLength)
        var offset = 0
        guard let qname = try? DomainName(name.wireBytes, at: &offset) else { return nil }
        self.init(
            tag: UInt32(truncatingIfNeeded: head >> 32),
            qname: qname,
            qtype: RecordType(UInt16(truncatingIfNeeded: head >> 16)),
            dnssecOK: head & 0x100 != 0,
            checkingDisabled: head & 0x200 != 0,
            answer: entry.answer,
            body: Self.octets(words[bodyStart...], count: entry.length),
            storedAt: entry.storedAt
        )
    }

    private static func octets(_ words: ArraySlice<UInt64>, count: Int) -> [UInt8] {
        Array(
            words.lazy.flatMap { word in
                (0..<8).lazy.map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
            }.prefix(count)
        )
    }
}
