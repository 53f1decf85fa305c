// Random case of the letters of a name: whoever forges a response has to guess it, too (RFC 5452 §9.2 asks for more
// to guess than ID and port; draft-vixie-dnsext-dns0x20 §2).

/// Which letters of a name are capitals: one bit for each of its octets.
///
/// A name of more than 48 octets uses the bits again from the first.
public struct NameCase: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline
    var bits: UInt64

    /// Takes the upper 48 bits of a random number; the lower 16 are left for a message ID.
    @inline(always)
    public init(random: UInt64) { bits = random >> 16 }

    /// All letters in lower case.
    public static let lower = NameCase(random: 0)

    /// Whether no letter is a capital.
    @inline(always)
    public var isLower: Bool { bits == 0 }

    /// Takes the bits of the next eight octets.
    @inline(always)
    fileprivate mutating func nextEight() -> UInt64 {
        let eight = bits & 0xFF
        bits = bits >> 8 | eight << 40
        return eight
    }

    /// Takes the bit of the next octet.
    @inline(always)
    fileprivate mutating func next() -> UInt64 {
        let bit = bits & 1
        bits >>= 1
        return bit
    }
}

/// Eight octets of a name, those letters as capitals whose bits are set.
@inline(always)
private func capitalized(_ word: UInt64, _ eight: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // Bit i of eight goes into octet i, as 0x20.
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

/// An octet of a name, as a capital when it is a letter and the bit is set.
@inline(always)
private func capitalized(_ octet: UInt8, _ bit: UInt64) -> UInt8 {
    let folded = foldASCII(octet)
    return bit != 0 && folded &- 97 < 26 ? folded ^ 0x20 : folded
}

extension MutableRawSpan {
    /// Brings the letters of the name in wire form at `range` to a case; traps outside the span.
    mutating func apply(_ nameCase: NameCase, to range: Range<Int>) {
        var rest = nameCase
        var at = range.lowerBound
        while at + 8 <= range.upperBound {
            storeWord(capitalized(bytes.word(at: at), rest.nextEight()), at: at)
            at += 8
        }
        while at < range.upperBound {
            store(capitalized(bytes.uint8(at: at), rest.next()), at: at)
            at += 1
        }
    }
}

extension RawSpan {
    /// Says whether these octets are a name in wire form in this case, octet for octet.
    public func hasSameBytes(as name: borrowing RawSpan, in nameCase: NameCase) -> Bool {
        guard byteCount == name.byteCount else { return false }
        var rest = nameCase
        var at = 0
        while at + 8 <= byteCount {
            if word(at: at) != capitalized(name.word(at: at), rest.nextEight()) { return false }
            at += 8
        }
        while at < byteCount {
            if uint8(at: at) != capitalized(name.uint8(at: at), rest.next()) { return false }
            at += 1
        }
        return true
    }
}
