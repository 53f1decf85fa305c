/// A slot of the index: where an entry is, and how often it was asked lately.
///
/// 0 is empty.
///
///     63      62 61   60 .. 48   47 .. 0
///     isMain  uses    tag        offset in the ring
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

    /// The slot of a bucket that is tried first; the others follow by exclusive or.
    @inline(__always)
    static func preferred(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 53 & 7) }

    var isEmpty: Bool { word == 0 }
    var isMain: Bool { word >> 63 != 0 }
    var uses: UInt64 { word >> 61 & 3 }
    var offset: UInt64 { word & Self.offsetMask }

    @inline(__always)
    func hasTag(of hash: UInt64) -> Bool { word & (0x1FFF << 48) == Self.tag(hash) && word != 0 }
    func withUses(_ uses: UInt64) -> Slot { Slot(word: word & ~(3 << 61) | uses << 61) }
}
