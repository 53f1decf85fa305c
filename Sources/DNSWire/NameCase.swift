// Random case of the letters of a name: whoever forges a response has to guess it, too (RFC 5452 §9.2 asks for more
// to guess than ID and port; draft-vixie-dnsext-dns0x20 §2).

/// Which letters of a name are capitals: one bit for each of its octets.
///
/// A name of more than 48 octets uses the bits again from the first.
public struct NameCase: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline
    let bits: UInt64

    /// Takes the upper 48 bits of a random number; the lower 16 are left for a message ID.
    @inline(always)
    public init(random: UInt64) { bits = random >> 16 }

    /// All letters in lower case.
    public static let lower = NameCase(random: 0)

    private static let period = 48

    /// Whether no letter is a capital.
    @inline(always)
    public var isLower: Bool { bits == 0 }

    /// Eight octets of a name in this case; `offset` is a multiple of eight.
    @inline(always)
    func applied(to word: UInt64, at offset: Int) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // Bit i of eight goes into octet i, as 0x20.
        let eight = bits >> UInt64(offset % Self.period) & 0xFF
        let chosen = (eight &* ones) & 0x8040_2010_0804_0201
        let flips = ((chosen &+ (0x7F &* ones)) & (0x80 &* ones)) >> 2
        let folded = foldASCII(word)
        // Octets above 127 are no letters (RFC 4343 §3): their high bit keeps them out.
        let low = folded & (0x7F &* ones)
        let atLeastA = low &+ ((0x80 - 97) &* ones)
        let aboveZ = low &+ ((0x80 - 123) &* ones)
        let letters = ((atLeastA ^ aboveZ) & ~folded & (0x80 &* ones)) >> 2
        return folded ^ (flips & letters)
    }

    /// One octet of a name in this case.
    @inline(always)
    func applied(to octet: UInt8, at offset: Int) -> UInt8 {
        let folded = foldASCII(octet)
        let isCapital = bits >> UInt64(offset % Self.period) & 1 != 0
        return isCapital && folded &- 97 < 26 ? folded ^ 0x20 : folded
    }
}

extension MutableRawSpan {
    /// Brings the letters of the name in wire form at `range` to a case; traps outside the span.
    mutating func apply(_ nameCase: NameCase, to range: Range<Int>) {
        var i = 0
        while i + 8 <= range.count {
            let at = range.lowerBound + i
            storeWord(nameCase.applied(to: bytes.word(at: at), at: i), at: at)
            i += 8
        }
        while i < range.count {
            let at = range.lowerBound + i
            store(nameCase.applied(to: bytes.uint8(at: at), at: i), at: at)
            i += 1
        }
    }
}

extension RawSpan {
    /// Says whether these octets are a name in wire form in this case, octet for octet.
    public func hasSameBytes(as name: borrowing RawSpan, in nameCase: NameCase) -> Bool {
        guard byteCount == name.byteCount else { return false }
        var i = 0
        while i + 8 <= byteCount {
            if word(at: i) != nameCase.applied(to: name.word(at: i), at: i) { return false }
            i += 8
        }
        while i < byteCount {
            if uint8(at: i) != nameCase.applied(to: name.uint8(at: i), at: i) { return false }
            i += 1
        }
        return true
    }
}
