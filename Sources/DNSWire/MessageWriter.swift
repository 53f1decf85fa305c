/// Writes one message after the other into a buffer of its own, names compressed (RFC 1035 §4.1.4).
///
/// Every append checks the room and throws `messageTooLong` when there is none. Pointers go backwards and to
/// offsets below 16,384 only. A worker keeps one writer and begins each message with `begin(_:)`.
public struct MessageWriter: ~Copyable {
    private var buffer: WireBuffer
    /// Octets written so far.
    public private(set) var count = 0
    private var names = CompressionTable()
    private var questionNameEnd = 0

    /// Makes a writer for messages of up to `capacity` octets.
    public init(capacity: Int = WireLimits.messageLength) {
        buffer = WireBuffer(capacity: capacity)
    }

    /// The message so far.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get { buffer.bytes.extracting(first: count) }
    }

    /// Starts a new message with `header`.
    public mutating func begin(_ header: Header) {
        names.removeAll()
        count = WireLimits.headerLength
        questionNameEnd = 0
        var bytes = buffer.mutableBytes
        header.write(to: &bytes)
    }

    /// Writes the header again, when counts and flags are known.
    public mutating func setHeader(_ header: Header) {
        var bytes = buffer.mutableBytes
        header.write(to: &bytes)
    }

    /// Writes the message's first question.
    public mutating func appendQuestion(
        _ qname: DomainName,
        _ qtype: RecordType,
        _ qclass: RecordClass
    ) throws(WireError) {
        try appendName(qname, compress: true)
        questionNameEnd = count
        try append(qtype.rawValue)
        try append(qclass.rawValue)
    }

    /// Writes owner, type, class and TTL of a record and room for RDLENGTH; returns where the RDATA begins.
    public mutating func beginRecord(
        _ owner: DomainName,
        _ type: RecordType,
        _ recordClass: RecordClass,
        ttl: UInt32
    ) throws(WireError) -> Int {
        try appendName(owner, compress: true)
        try append(type.rawValue)
        try append(recordClass.rawValue)
        try append(UInt16(truncatingIfNeeded: ttl >> 16))
        try append(UInt16(truncatingIfNeeded: ttl))
        try append(UInt16(0))
        return count
    }

    /// Fills in the RDLENGTH of the record whose RDATA began at `rdataOffset`.
    public mutating func endRecord(rdataOffset: Int) throws(WireError) {
        let length = count - rdataOffset
        guard length <= Int(UInt16.max) else { throw .messageTooLong }
        var bytes = buffer.mutableBytes
        bytes.store(UInt16(length), at: rdataOffset - 2)
    }

    /// Appends an octet.
    public mutating func append(_ value: UInt8) throws(WireError) {
        try reserve(1)
        let end = count
        count += 1
        var bytes = buffer.mutableBytes
        bytes.store(value, at: end)
    }

    /// Appends two octets in network order.
    public mutating func append(_ value: UInt16) throws(WireError) {
        try reserve(2)
        let end = count
        count += 2
        var bytes = buffer.mutableBytes
        bytes.store(value, at: end)
    }

    /// Appends four octets in network order.
    public mutating func append(_ value: UInt32) throws(WireError) {
        try reserve(4)
        let end = count
        count += 4
        var bytes = buffer.mutableBytes
        bytes.store(value, at: end)
    }

    /// Appends octets as they are.
    public mutating func append(_ octets: borrowing RawSpan) throws(WireError) {
        try reserve(octets.byteCount)
        let end = count
        count += octets.byteCount
        var bytes = buffer.mutableBytes
        bytes.copy(octets, at: end)
    }

    /// Appends a character string: a length octet and at most 255 octets (RFC 1035 §3.3); the rest is cut off.
    public mutating func appendCharacterString(_ text: String) throws(WireError) {
        let octets = text.utf8.prefix(255)
        try append(UInt8(octets.count))
        for octet in octets { try append(octet) }
    }

    /// Appends a name.
    ///
    /// With `compress`, its longest tail that was written before becomes a pointer.
    ///
    /// A tail that stands in the question matches whatever its letters' case, because the question is echoed
    /// in the client's case; elsewhere the case must agree, so that a name keeps the case that it came with.
    public mutating func appendName(_ name: DomainName, compress: Bool) throws(WireError) {
        var starts = InlineArray<128, UInt8>(repeating: 0)
        var labels = 0
        var i = 0
        while name[i] != 0 {
            starts[labels] = UInt8(i)
            labels += 1
            i += Int(name[i]) + 1
        }
        // Hashes of all tails, shortest first.
        var hashes = InlineArray<128, UInt32>(repeating: 0)
        var hash: UInt32 = 0x811C_9DC5
        var label = labels - 1
        while label >= 0 {
            let start = Int(starts[label])
            for j in start...(start + Int(name[start])) {
                hash = (hash ^ UInt32(foldASCII(name[j]))) &* 0x0100_0193
            }
            hashes[label] = hash
            label -= 1
        }

        var written = 0
        var pointer = 0
        while written < labels {
            if compress {
                pointer = offset(of: name, from: Int(starts[written]), hash: hashes[written])
                if pointer != 0 { break }
            }
            written += 1
        }
        // What is not compressed is written out, and each of its tails may be pointed at later.
        let plain = pointer != 0 ? Int(starts[written]) : name.length - 1
        try reserve(plain + (pointer != 0 ? 2 : 1))
        for k in 0..<written where count + Int(starts[k]) <= WireLimits.pointerTarget {
            names.insert(hashes[k], offset: count + Int(starts[k]))
        }
        let end = count
        count += plain + (pointer != 0 ? 2 : 1)
        var bytes = buffer.mutableBytes
        for k in 0..<plain { bytes.store(name[k], at: end + k) }
        if pointer != 0 {
            bytes.store(UInt16(0xC000 | pointer), at: end + plain)
        } else {
            bytes.store(UInt8(0), at: end + plain)
        }
    }

    private func reserve(_ octets: Int) throws(WireError) {
        guard count + octets <= buffer.capacity else { throw .messageTooLong }
    }

    /// The offset at which the tail of `name` from `start` on was written before, or 0.
    private func offset(of name: DomainName, from start: Int, hash: UInt32) -> Int {
        var slot = CompressionTable.firstSlot(hash)
        while let entry = names.entry(slot) {
            if entry.hash == hash, matches(name, from: start, at: entry.offset) { return entry.offset }
            slot = CompressionTable.slot(after: slot)
        }
        return 0
    }

    /// Says whether the name at `offset` of the message is the tail of `name` that begins at `start`.
    private func matches(_ name: DomainName, from start: Int, at offset: Int) -> Bool {
        let written = buffer.bytes
        var position = offset
        var i = start
        while true {
            var octet = written.uint8(at: position)
            while octet >= 192 {
                position = Int(written.uint16(at: position)) & WireLimits.pointerTarget
                octet = written.uint8(at: position)
            }
            if octet != name[i] { return false }
            if octet == 0 { return true }
            let anyCase = position < questionNameEnd
            for k in 1...Int(octet) {
                let left = written.uint8(at: position + k)
                let right = name[i + k]
                if anyCase ? foldASCII(left) != foldASCII(right) : left != right { return false }
            }
            position += Int(octet) + 1
            i += Int(octet) + 1
        }
    }
}

/// Offsets of names already written, by the hash of the name: a fixed number; when full, nothing more is added.
private struct CompressionTable {
    private static let slots = 256
    private static let entriesMax = 192
    private var offsets = InlineArray<256, UInt16>(repeating: 0)
    private var hashes = InlineArray<256, UInt32>(repeating: 0)
    private var used = 0

    mutating func removeAll() {
        if used > 0 { offsets = InlineArray(repeating: 0) }
        used = 0
    }

    static func firstSlot(_ hash: UInt32) -> Int { Int(hash) & (slots - 1) }

    static func slot(after slot: Int) -> Int { (slot + 1) & (slots - 1) }

    func entry(_ slot: Int) -> (hash: UInt32, offset: Int)? {
        offsets[slot] == 0 ? nil : (hashes[slot], Int(offsets[slot]))
    }

    mutating func insert(_ hash: UInt32, offset: Int) {
        guard used < Self.entriesMax else { return }
        var slot = Self.firstSlot(hash)
        while offsets[slot] != 0 { slot = Self.slot(after: slot) }
        offsets[slot] = UInt16(offset)
        hashes[slot] = hash
        used += 1
    }
}
