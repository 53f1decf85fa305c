/// How the octets of the cache are divided: the headers of all shards, their indices, then for each shard ghosts and
/// two rings.
///
/// The indices lie together, because each look-up touches a place of them at random: few huge pages hold them.
/// All numbers are in words of 8 octets.
struct Geometry: Sendable, BitwiseCopyable {
    /// Shards, a power of two: writers of different shards do not wait for each other.
    let shards: Int
    let wordsPerShard: Int
    /// Buckets of eight slots: one cache line.
    let buckets: Int
    let ghostWords: Int
    let smallWords: Int
    let mainWords: Int
    /// Bits of an offset that say where in a ring; those above count its laps.
    let positionBits: UInt64
    /// Words of the headers and the indices of all shards.
    let frontWords: Int
    /// Words of all headers.
    private let headersWords: Int
    private let indexWords: Int
    /// Words of a shard's ghosts and rings.
    private let backWords: Int

    /// Words of a shard's header: a line that writers use, and one that readers look at, too.
    static let headerWords = 16
    static let slotsPerBucket = 8
    /// Buckets that an entry may be in: with one, some would be full long before the others.
    static let choices = 2
    private static let shardsMax = 64
    private static let smallestShardWords = (1 << 20) / 8

    /// Divides `sizeBytes`, at least 1 MiB.
    init(sizeBytes: Int) {
        let words = max(sizeBytes / 8, Self.smallestShardWords)
        var shards = 1
        while shards < Self.shardsMax, words / (shards * 2) >= 2 * Self.smallestShardWords { shards *= 2 }
        self.shards = shards
        headersWords = shards * Self.headerWords
        wordsPerShard = (words / shards - Self.headerWords) / 8 * 8
        // One tenth for the index: two thirds of its slots are taken when all entries are A answers.
        buckets = wordsPerShard / 10 / Self.slotsPerBucket
        // Four ghosts to a word: one for each A answer that fits.
        ghostWords = wordsPerShard / 64
        let rings = wordsPerShard - buckets * Self.slotsPerBucket - ghostWords
        // S3-FIFO gives a tenth to entries that have not proved popular yet.
        smallWords = rings / 10
        mainWords = rings - smallWords
        indexWords = buckets * Self.slotsPerBucket
        backWords = wordsPerShard - indexWords
        frontWords = headersWords + shards * indexWords
        positionBits = UInt64(Int.bitWidth - mainWords.leadingZeroBitCount)
    }

    /// All words.
    var words: Int { frontWords + shards * backWords }

    @inline(__always)
    func shard(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 58) & (shards &- 1) }

    @inline(__always)
    func header(_ shard: Int) -> Int { shard &* Self.headerWords }

    /// Where a shard's index begins: at the start of a cache line.
    @inline(__always)
    func index(_ shard: Int) -> Int { headersWords &+ shard &* indexWords }

    /// Where a shard's ghosts and rings begin.
    @inline(__always)
    private func back(_ shard: Int) -> Int { frontWords &+ shard &* backWords }

    /// One of the two buckets of a hash: an entry goes to the second when the first is full.
    @inline(__always)
    func bucket(_ shard: Int, _ hash: UInt64, _ choice: Int) -> Int {
        let choiceHash = choice == 0 ? hash : (hash &* 0x9E37_79B9_7F4A_7C15) >> 32
        return index(shard) &+ Self.scale(choiceHash, buckets) &* Self.slotsPerBucket
    }

    func ghost(_ shard: Int, _ hash: UInt64) -> Int {
        back(shard) + Self.scale(hash, ghostWords)
    }

    @inline(__always)
    func ring(_ shard: Int, isMain: Bool) -> Ring {
        let start = back(shard) &+ ghostWords
        return Ring(
            start: isMain ? start &+ smallWords : start,
            words: isMain ? mainWords : smallWords,
            positionBits: positionBits
        )
    }

    /// Maps the low 32 bits of a hash to 0 ..< count, without a division.
    @inline(__always)
    private static func scale(_ hash: UInt64, _ count: Int) -> Int {
        Int(truncatingIfNeeded: ((hash & 0xFFFF_FFFF) &* UInt64(truncatingIfNeeded: count)) >> 32)
    }
}

/// Words of a shard's header.
enum ShardField {
    static let lock = 0
    static let entries = 1
    static let insertions = 2
    static let evictions = 3
    /// Words of the entries that can be found.
    static let liveWords = 4
    static let smallHead = 5
    static let mainHead = 6
    /// Buckets that a flush which is under way has looked at.
    static let flushedBuckets = 7
    // Readers look at the tails: a line of their own, which only evictions write.
    static let smallTail = 8
    static let mainTail = 9
}
