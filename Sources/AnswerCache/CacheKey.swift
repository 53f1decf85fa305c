public import DNSWire

/// What an answer is found by: route, folded QNAME, QTYPE, and DO and CD where they matter.
///
/// Class is IN always.
///
/// Made once per query. The name is folded first, because routing wants it folded, too; `finish` adds the rest.
public struct CacheKey: Sendable {
    // Word 0: cache tag, qtype, flags, name length. Then the name, padded with zeros.
    @usableFromInline
    var words = InlineArray<33, UInt64>(repeating: 0)
    /// The number of words in use.
    @usableFromInline
    var count: Int
    /// Octets of the name.
    public let nameLength: Int
    /// The hash of all words; 0 before `finish`.
    public private(set) var hash: UInt64 = 0

    /// Folds the name of `length` octets, at most 255, that begins at `offset` of `message`.
    @inlinable
    public init(name message: borrowing RawSpan, at offset: Int, length: Int) {
        precondition(length >= 1 && length <= WireLimits.nameLength)
        nameLength = length
        count = 1 + (length + 7) / 8
        var i = 0
        var word = 1
        while i + 8 <= length {
            words[word] = foldASCII(message.word(at: offset + i))
            word += 1
            i += 8
        }
        if i < length {
            var last: UInt64 = 0
            var shift: UInt64 = 0
            while i < length {
                last |= UInt64(message.uint8(at: offset + i)) << shift
                shift += 8
                i += 1
            }
            words[word] = foldASCII(last)
        }
    }

    /// Makes the key of a name.
    public init(_ name: DomainName) {
        self.init(name: name.bytes, at: 0, length: name.length)
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
        var mixed = seed
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
        guard left.hash == right.hash, left.count == right.count else { return false }
        for i in 0..<left.count where left.words[i] != right.words[i] { return false }
        return true
    }
}
