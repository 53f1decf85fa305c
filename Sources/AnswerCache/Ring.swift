/// Where a ring lies, and how its offsets count.
///
/// An offset is a lap and a position in it, in words. Offsets only ever grow, so that they also say which of two
/// entries is older. An entry never goes across the ring's end: padding fills what is left of the lap.
struct Ring: BitwiseCopyable {
    /// The index of the first word.
    let start: Int
    let words: Int
    let positionBits: UInt64

    /// The offset at which a ring begins; 0 would make an empty slot of the first entry.
    var firstOffset: UInt64 { 1 << positionBits }

    /// The offset's place in the ring.
    @inline(__always)
    func position(_ offset: UInt64) -> Int {
        Int(truncatingIfNeeded: offset & (1 &<< positionBits &- 1))
    }

    /// The offset's word.
    @inline(__always)
    func index(_ offset: UInt64) -> Int { start &+ position(offset) }

    /// The offset of the next lap's first word.
    func nextLap(_ offset: UInt64) -> UInt64 { (offset >> positionBits + 1) << positionBits }

    /// The offset behind an entry of `words`.
    func end(_ offset: UInt64, words: Int) -> UInt64 {
        position(offset) + words == self.words ? nextLap(offset) : offset + UInt64(words)
    }

    /// Words up to the ring's end that an entry of `words` cannot use.
    func padding(_ words: Int, at head: UInt64) -> Int {
        let toEnd = self.words - position(head)
        return toEnd < words ? toEnd : 0
    }

    /// Words between tail and head.
    func used(tail: UInt64, head: UInt64) -> Int {
        let isSameLap = tail >> positionBits == head >> positionBits
        return position(head) - position(tail) + (isSameLap ? 0 : words)
    }
}
