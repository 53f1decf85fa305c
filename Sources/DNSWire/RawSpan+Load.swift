// Network-order loads and stores over borrowed bytes. The one file of this module, beside WireBuffer, that
// holds `unsafe`: every access below is bounds-checked and traps outside the span.

extension RawSpan {
    /// Reads the octet at `offset`; traps outside the span.
    @inline(always)
    public func uint8(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Reads two octets in network order at `offset`; traps outside the span.
    @inline(always)
    public func uint16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// Reads four octets in network order at `offset`; traps outside the span.
    @inline(always)
    public func uint32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Reads eight octets in network order at `offset`; traps outside the span.
    @inline(always)
    public func uint64(at offset: Int) -> UInt64 { UInt64(bigEndian: word(at: offset)) }

    /// Reads eight octets in the machine's order at `offset`, for hashing and comparing; traps outside the span.
    @inline(always)
    public func word(at offset: Int) -> UInt64 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Says whether two spans hold the same octets.
    public func hasSameBytes(as other: borrowing RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        var i = 0
        while i + 8 <= byteCount {
            if word(at: i) != other.word(at: i) { return false }
            i += 8
        }
        while i < byteCount {
            if uint8(at: i) != other.uint8(at: i) { return false }
            i += 1
        }
        return true
    }

    /// Says whether two spans hold the same octets but for the case of ASCII letters (RFC 4343 §3).
    ///
    /// Of names both must begin at a label: length octets, at most 63, are no letters.
    public func hasSameFoldedBytes(as other: borrowing RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        var i = 0
        while i + 8 <= byteCount {
            if foldASCII(word(at: i)) != foldASCII(other.word(at: i)) { return false }
            i += 8
        }
        // The last word overlaps the one before, where there is one.
        if byteCount >= 8 {
            return foldASCII(word(at: byteCount - 8)) == foldASCII(other.word(at: byteCount - 8))
        }
        while i < byteCount {
            if foldASCII(uint8(at: i)) != foldASCII(other.uint8(at: i)) { return false }
            i += 1
        }
        return true
    }

    /// A hash of the octets in lower case; names that are equal share it.
    ///
    /// Not keyed: for tables whose entries one message or one configuration brings.
    public var foldedHash: UInt64 {
        var hash = UInt64(byteCount) &* 0x9E37_79B9_7F4A_7C15
        var i = 0
        while i + 8 <= byteCount {
            hash = RawSpan.mix(hash, foldASCII(word(at: i)))
            i += 8
        }
        if byteCount >= 8 { return RawSpan.mix(hash, foldASCII(word(at: byteCount - 8))) }
        while i < byteCount {
            hash = RawSpan.mix(hash, UInt64(foldASCII(uint8(at: i))))
            i += 1
        }
        return hash
    }

    @inline(always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }

    /// Copies the octets into an array, for tests and for what must outlive the borrow.
    public func toArray() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe Array($0) }
    }
}

extension [UInt8] {
    /// The octets, borrowed.
    public var wireBytes: RawSpan {
        @_lifetime(borrow self) get { unsafe span.bytes }
    }
}

extension MutableRawSpan {
    /// Writes an octet at `offset`; traps outside the span.
    @inline(always)
    public mutating func store(_ value: UInt8, at offset: Int) {
        storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    }

    /// Writes two octets in network order at `offset`; traps outside the span.
    @inline(always)
    public mutating func store(_ value: UInt16, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    /// Writes four octets in network order at `offset`; traps outside the span.
    @inline(always)
    public mutating func store(_ value: UInt32, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    /// Writes eight octets in network order at `offset`; traps outside the span.
    @inline(always)
    public mutating func store(_ value: UInt64, at offset: Int) { storeWord(value.bigEndian, at: offset) }

    /// Writes eight octets in the machine's order at `offset`; traps outside the span.
    @inline(always)
    public mutating func storeWord(_ value: UInt64, at offset: Int) {
        storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
    }

    /// Copies `source` to `offset`; traps when it does not fit.
    @inline(always)
    public mutating func copy(_ source: borrowing RawSpan, at offset: Int) {
        precondition(offset >= 0 && offset <= byteCount && source.byteCount <= byteCount - offset)
        unsafe withUnsafeMutableBytes { destination in
            unsafe source.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: destination[offset...])
                    .copyMemory(from: source)
            }
        }
    }

    /// Brings the ASCII letters of the first `count` octets to lower case; traps outside the span.
    public mutating func fold(first count: Int) {
        var i = 0
        while i + 8 <= count {
            storeWord(foldASCII(bytes.word(at: i)), at: i)
            i += 8
        }
        while i < count {
            store(foldASCII(bytes.uint8(at: i)), at: i)
            i += 1
        }
    }

    /// The octets as they stand, to read.
    public var readable: RawSpan {
        @_lifetime(borrow self) get { bytes }
    }
}
