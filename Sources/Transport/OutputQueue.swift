import CSystem

/// Octets that wait until a connection takes them.
struct OutputQueue {
    private var octets: [UInt8] = []
    /// Octets at the front that were written already.
    private var written = 0

    var count: Int { octets.count - written }
    var isEmpty: Bool { count == 0 }

    /// Appends a message with its length prefix.
    mutating func appendMessage(_ message: RawSpan) {
        let length = message.byteCount
        precondition(length <= TransportLimits.messageLength)
        compact()
        octets.append(UInt8(length >> 8))
        octets.append(UInt8(length & 0xFF))
        unsafe message.withUnsafeBytes { unsafe octets.append(contentsOf: $0) }
    }

    /// Appends octets as they are.
    mutating func append(_ bytes: RawSpan) {
        compact()
        unsafe bytes.withUnsafeBytes { unsafe octets.append(contentsOf: $0) }
    }

    /// Writes what the kernel takes now; returns the number of octets or a negative error number.
    mutating func write(_ fd: CInt) -> Int {
        let sent = unsafe octets.withUnsafeBytes { bytes in
            unsafe csystem_write(fd, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written)
        }
        if sent <= 0 { return sent }
        written += sent
        if isEmpty {
            octets.removeAll(keepingCapacity: octets.capacity <= TransportLimits.keptOutputLength)
            written = 0
        }
        return sent
    }

    // Moves what remains to the front when at least as much was written: each octet is moved once at most.
    private mutating func compact() {
        if written > 0 && written >= count {
            octets.removeFirst(written)
            written = 0
        }
    }
}
