/// How the octets of the cache are divided: shards, and in each an index, two rings and a list of ghosts.
///
/// All numbers are in words of 8 octets.
struct Geometry: Sendable, BitwiseCopyable {
    /// Shards, a power of two: writers of different shards do not wait for each other.
    let shards: Int
    let wordsPerShard: Int
    /// Buckets of eight slots: one cache line.
    let buckets: Int
    let smallWords: Int
    let mainWords: Int
    let ghosts: Int

    /// Words at the start of a shard: lock, heads and tails, counters; one cache line, and one of distance.
    static let headerWords = 16
    static let slotsPerBucket = 8
    private static let shardsMax = 64
    private static let smallestShardWords = (1 << 20) / 8

    /// Divides `sizeBytes`, at least 1 MiB.
    init(sizeBytes: Int) {
        let words = max(sizeBytes / 8, Self.smallestShardWords)
        var shards = 1
        while shards < Self.shardsMax, words / (shards * 2) >= 2 * Self.smallestShardWords { shards *= 2 }
        self.shards = shards
        wordsPerShard = words / shards / 8 * 8
        // One sixth for the index: half of its slots are taken when the entries are as small as A answers.
        buckets = wordsPerShard / 6 / Self.slotsPerBucket
        ghosts = wordsPerShard / 32
        let rings = wordsPerShard - Self.headerWords - buckets * Self.slotsPerBucket - ghosts
        // S3-FIFO gives a tenth to entries that have not proved popular yet.
        smallWords = rings / 10
        mainWords = rings - smallWords
    }

    func header(_ shard: Int) -> Int { shard * wordsPerShard }
    func bucket(_ shard: Int, _ hash: UInt64) -> Int {
        let index = Int((hash & 0xFFFF_FFFF).multipliedFullWidth(by: UInt64(buckets)).low >> 32)
        return header(shard) + Self.headerWords + index * Self.slotsPerBucket
    }
    func ghost(_ shard: Int, _ hash: UInt64) -> Int {
        header(shard) + Self.headerWords + buckets * Self.slotsPerBucket + Int(hash % UInt64(ghosts))
    }
    func ring(_ shard: Int, isMain: Bool) -> Int {
        header(shard) + Self.headerWords + buckets * Self.slotsPerBucket + ghosts + (isMain ? smallWords : 0)
    }
    func ringWords(isMain: Bool) -> Int { isMain ? mainWords : smallWords }
    func shard(_ hash: UInt64) -> Int { Int(hash >> 58) & (shards - 1) }
}

/// Words of a shard's header.
enum ShardField {
    static let lock = 0
    static let entries = 1
    static let insertions = 2
    static let evictions = 3
    // Readers look at the tails: a line of their own, which only evictions write.
    static let smallTail = 8
    static let mainTail = 9
    static let smallHead = 10
    static let mainHead = 11
}

/// A slot of the index: where an entry is, and how often it was asked lately.
///
/// 0 is empty.
///
///     63      62 61   60 .. 48   47 .. 0
///     isMain  uses    tag        virtual offset in words
struct Slot: BitwiseCopyable, Equatable {
    var word: UInt64

    static let usesMax: UInt64 = 3
    static let offsetMask: UInt64 = (1 << 48) - 1

    init(word: UInt64) { self.word = word }

    init(isMain: Bool, uses: UInt64, hash: UInt64, offset: UInt64) {
        word = (isMain ? 1 << 63 : 0) | uses << 61 | Self.tag(hash) | offset
    }

    /// Bits of the hash that neither shard nor bucket used up.
    @inline(__always)
    static func tag(_ hash: UInt64) -> UInt64 { (hash >> 40 & 0x1FFF) << 48 }

    var isEmpty: Bool { word == 0 }
    var isMain: Bool { word >> 63 != 0 }
    var uses: UInt64 { word >> 61 & 3 }
    var offset: UInt64 { word & Self.offsetMask }

    @inline(__always)
    func hasTag(of hash: UInt64) -> Bool { word & (0x1FFF << 48) == Self.tag(hash) && word != 0 }
    func withUses(_ uses: UInt64) -> Slot { Slot(word: word & ~(3 << 61) | uses << 61) }
}
