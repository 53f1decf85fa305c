import DNSWire

/// A suffix of a name as words of eight octets, to hash and to compare it.
///
/// The last word ends with the name, and overlaps the one before; a suffix of less than eight octets is one word.
struct NameWords: BitwiseCopyable {
    let offset: Int
    /// Octets, 1 to 255.
    let length: Int
    /// The number of words, 1 to 32.
    let count: Int

    @inline(__always)
    init(offset: Int, length: Int) {
        self.offset = offset
        self.length = length
        count = (length &+ 7) >> 3
    }

    /// The word at `index`.
    @inline(__always)
    func word(_ index: Int, of name: borrowing RawSpan) -> UInt64 {
        length < 8 ? short(name) : name.word(at: offset &+ min(index &* 8, length &- 8))
    }

    /// A hash of the octets, its high half as good as the low one.
    @_noAllocation
    @inline(__always)
    func hash(_ name: borrowing RawSpan) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: length)
        var i = 0
        while i < count {
            let product = (hash ^ word(i, of: name)).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low
            i &+= 1
        }
        return hash
    }

    /// One to seven octets.
    ///
    /// Some stand in the word twice; the length, which is hashed and compared, too, says which.
    @inline(never)
    private func short(_ name: borrowing RawSpan) -> UInt64 {
        if length >= 4 {
            let head = UInt64(name.uint32(at: offset))
            return head << 32 | UInt64(name.uint32(at: offset &+ length &- 4))
        }
        let first = UInt64(name.uint8(at: offset))
        let middle = UInt64(name.uint8(at: offset &+ length / 2))
        return first << 16 | middle << 8 | UInt64(name.uint8(at: offset &+ length &- 1))
    }
}
