public import DNSWire

/// What an answer is found by: route, folded QNAME, QTYPE, and DO and CD where they matter.
///
/// Class is IN always.
///
/// Made once per query. The name is folded first, because routing wants it folded, too; `finish` adds the rest.
public struct CacheKey: Sendable {
    // A word for what is not the name and 32 for the longest name. Word 0: cache tag, qtype, flags, name length. Then the name, padded with zeros.
    @usableFromInline
    var words: InlineArray<33, UInt64>
    /// Octets of the name.
    public private(set) var nameLength: Int
    /// The hash of all words; 0 before `finish`.
    public private(set) var hash: UInt64 = 0

    /// The number of words in use.
    @inline(__always)
    @usableFromInline
    var count: Int { Self.count(nameLength) }

    /// The number of words of a key with a name of this length.
    @inline(__always)
    @usableFromInline
    static func count(_ nameLength: Int) -> Int { 1 &+ (nameLength &+ 7) >> 3 }

    /// Folds the name of `length` octets, at most 255, that begins at `offset` of `message`.
    @inlinable
    public init(name message: borrowing RawSpan, at offset: Int, length: Int) {
        self.init()
        setName(message, at: offset, length: length)
    }

    /// Makes a key without a name, to be given one.
    @inline(__always)
    @usableFromInline
    init() {
        words = InlineArray(repeating: 0)
        nameLength = 0
    }

    /// Folds a name as `init(name:at:length:)` does, in place of what the key had.
    ///
    /// `finish` must follow, as with a new key.
    public mutating func setName(_ message: borrowing RawSpan, at offset: Int, length: Int) {
        precondition(length >= 1 && length <= WireLimits.nameLength)
        precondition(offset >= 0 && length <= message.byteCount - offset)
        nameLength = length
        hash = 0
        let whole = length >> 3
        for i in 0..<whole {
            // The check above is for all of them.
            let word = unsafe message.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset &+ i &* 8,
                as: UInt64.self
            )
            words[1 &+ i] = foldASCII(word)
        }
        let rest = length & 7
        if rest > 0 {
            words[1 &+ whole] = foldASCII(message.lastOctets(rest, before: offset &+ length))
        }
    }

    /// Makes the key of a name.
    public init(_ name: DomainName) {
        self.init(name: name.bytes, at: 0, length: name.length)
    }

    /// What an entry keeps of the key.
    var wordsInUse: Span<UInt64> {
        @_lifetime(borrow self)
        @inline(__always)
        get { words.span.extracting(first: count) }
    }

    /// The folded name in wire form.
    public var name: RawSpan {
        @_lifetime(borrow self)
        get { unsafe words.span.bytes.extracting(8..<(8 + nameLength)) }
    }

    /// Adds what the name alone does not say and computes the hash.
    ///
    /// - Parameters:
    ///   - tag: identity and epoch of the route.
    ///   - dnssecOK: DO, false where the route's answers do not depend on it; likewise `checkingDisabled`, CD.
    ///   - seed: the secret of this process that keeps others from choosing collisions.
    public mutating func finish(
        tag: UInt32,
        qtype: RecordType,
        dnssecOK: Bool,
        checkingDisabled: Bool,
        seed: UInt64
    ) {
        let flags: UInt64 = (dnssecOK ? 1 : 0) | (checkingDisabled ? 2 : 0)
        words[0] = UInt64(tag) << 32 | UInt64(qtype.rawValue) << 16 | flags << 8 | UInt64(nameLength)
        computeHash(seed)
    }

    /// Makes it the key of another type of the same name, all else being equal.
    public mutating func setType(_ qtype: RecordType, seed: UInt64) {
        words[0] = words[0] & ~(0xFFFF << 16) | UInt64(qtype.rawValue) << 16
        computeHash(seed)
    }

    @inline(__always)
    private mutating func computeHash(_ seed: UInt64) {
        var mixed = seed
        let count = count
        for i in 0..<count {
            let product = (mixed ^ words[i]).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            mixed = product.high ^ product.low ^ (seed &+ UInt64(i))
        }
        hash = mixed == 0 ? 1 : mixed
    }
}

extension CacheKey: Equatable {
    /// Keys are equal when all that they were made of is.
    public static func == (left: CacheKey, right: CacheKey) -> Bool {
        guard left.hash == right.hash, left.nameLength == right.nameLength else { return false }
        for i in 0..<left.count where left.words[i] != right.words[i] { return false }
        return true
    }
}

extension RawSpan {
    /// The `count` octets, one to seven, that end at `end`, as a word whose other octets are zero.
    @inline(__always)
    fileprivate func lastOctets(_ count: Int, before end: Int) -> UInt64 {
        // One load that reaches back, where there are octets to reach back to.
        if end >= 8 { return word(at: end &- 8) >> UInt64(truncatingIfNeeded: 64 &- count &* 8) }
        var last: UInt64 = 0
        for i in 0..<count { last |= UInt64(uint8(at: end - count + i)) << UInt64(i * 8) }
        return last
    }
}
