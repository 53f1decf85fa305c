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

    /// The octets as they stand, to read.
    public var readable: RawSpan {
        @_lifetime(borrow self) get { bytes }
    }
}
