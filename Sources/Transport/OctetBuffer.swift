import CSystem

/// A fixed number of octets that one owner holds, to read into and to collect output in.
@safe
struct OctetBuffer: ~Copyable {
    // SAFETY: allocated in init, freed in deinit; every access is checked against its count. Not initialized:
    // only octets that were received or appended are read.
    private let storage: UnsafeMutableRawBufferPointer

    init(capacity: Int) { unsafe storage = .allocate(byteCount: capacity, alignment: 64) }

    deinit { unsafe storage.deallocate() }

    var capacity: Int { unsafe storage.count }

    /// The first `count` octets.
    @_lifetime(borrow self)
    borrowing func prefix(_ count: Int) -> RawSpan {
        precondition(count >= 0 && count <= capacity)
        let bytes = unsafe UnsafeRawBufferPointer(start: storage.baseAddress, count: count)
        return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }

    /// Reads what a stream has; returns the number of octets, 0 at its end, or a negative error number.
    func read(_ fd: CInt) -> Int { unsafe csystem_read(fd, storage.baseAddress, storage.count) }

    /// Copies a message with its length prefix to `offset`; returns false when there is no room.
    func appendMessage(_ message: RawSpan, at offset: Int) -> Bool {
        precondition(offset >= 0)
        guard offset + 2 + message.byteCount <= capacity else { return false }
        let prefix = UInt16(message.byteCount).bigEndian
        unsafe storage.storeBytes(of: prefix, toByteOffset: offset, as: UInt16.self)
        unsafe message.withUnsafeBytes { bytes in
            unsafe UnsafeMutableRawBufferPointer(rebasing: storage[(offset + 2)...]).copyMemory(from: bytes)
        }
        return true
    }
}
