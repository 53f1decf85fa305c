/// A fixed number of octets that one owner holds, allocated once and zeroed.
///
/// Every access is bounds-checked. It is the place where this module owns memory; no pointer leaves it.
@safe
public struct WireBuffer: ~Copyable {
    // SAFETY: allocated in init, freed in deinit, never handed out but as a span that borrows self.
    @usableFromInline
    let storage: UnsafeMutableRawBufferPointer

    /// Allocates `capacity` octets, all zero.
    public init(capacity: Int) {
        precondition(capacity > 0)
        unsafe storage = .allocate(byteCount: capacity, alignment: 16)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { unsafe storage.deallocate() }

    /// The number of octets.
    public var capacity: Int { unsafe storage.count }

    /// All octets, to read.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        @inline(always)
        get {
            let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(storage))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// All octets, to write.
    public var mutableBytes: MutableRawSpan {
        @_lifetime(&self)
        @inline(always)
        mutating get {
            let span = unsafe MutableRawSpan(_unsafeBytes: storage)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }
}
