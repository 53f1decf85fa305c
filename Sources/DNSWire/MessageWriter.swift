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
    /// Whether the tails of the question's name are in `names`: most messages never need them.
    private var questionIsIndexed = false

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
        questionIsIndexed = false
        var bytes = buffer.mutableBytes
        header.write(to: &bytes)
    }

    /// Writes the header again, when counts and flags are known.
    public mutating func setHeader(_ header: Header) {
        var bytes = buffer.mutableBytes
        header.write(to: &bytes)
    }

    /// Writes the message's question, which comes first.
    ///
    /// With a case, the letters of QNAME are brought to it.
    public mutating func appendQuestion(
        _ qname: DomainName,
        _ qtype: RecordType,
        _ qclass: RecordClass,
        in nameCase: NameCase? = nil
    ) throws(WireError) {
        let start = count
        try append(qname.bytes)
        questionNameEnd = count
        if let nameCase {
            var bytes = buffer.mutableBytes
            bytes.apply(nameCase, to: start..<start + qname.length)
        }
        try append(UInt32(qtype.rawValue) << 16 | UInt32(qclass.rawValue))
    }

    /// Writes owner, type, class and TTL of a record and room for RDLENGTH; returns where the RDATA begins.
    public mutating func beginRecord(
        _ owner: DomainName,
        _ type: RecordType,
        _ recordClass: RecordClass,
        ttl: UInt32
    ) throws(WireError) -> Int {
        try appendName(owner, compress: true)
        try reserve(Self.recordFieldsLength)
        let fields = count
        count += Self.recordFieldsLength
        var bytes = buffer.mutableBytes
        bytes.store(type.rawValue, at: fields)
        bytes.store(recordClass.rawValue, at: fields + 2)
        bytes.store(ttl, at: fields + 4)
        bytes.store(UInt16(0), at: fields + 8)
        return fields + Self.recordFieldsLength
    }

    // Type, class, TTL and RDLENGTH.
    private static let recordFieldsLength = 10

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

    /// Appends eight octets in network order.
    public mutating func append(_ value: UInt64) throws(WireError) {
        try reserve(8)
        let end = count
        count += 8
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
        let octets = name.bytes
        if name.isRoot { return try append(UInt8(0)) }
        if compress, isQuestionName(octets) {
            return try append(UInt16(0xC000 | WireLimits.headerLength))
        }
        if !questionIsIndexed { indexQuestion() }
        let tails = NameTails(octets)
        var written = 0
        var pointer = 0
        while written < tails.count {
            if compress {
                pointer = offset(of: octets.extracting(tails.start(written)...), hash: tails.hash(written))
                if pointer != 0 { break }
            }
            written += 1
        }
        // What is not compressed is written out, and each of its tails may be pointed at later.
        let plain = pointer != 0 ? tails.start(written) : name.length - 1
        try reserve(plain + (pointer != 0 ? 2 : 1))
        for k in 0..<written { remember(tails.hash(k), at: count + tails.start(k)) }
        let end = count
        count += plain + (pointer != 0 ? 2 : 1)
        var bytes = buffer.mutableBytes
        bytes.copy(octets.extracting(first: plain), at: end)
        if pointer != 0 {
            bytes.store(UInt16(0xC000 | pointer), at: end + plain)
        } else {
            bytes.store(UInt8(0), at: end + plain)
        }
    }

    private func isQuestionName(_ name: borrowing RawSpan) -> Bool {
        let question = WireLimits.headerLength..<max(WireLimits.headerLength, questionNameEnd)
        return buffer.bytes.extracting(question).hasSameFoldedBytes(as: name)
    }

    private mutating func indexQuestion() {
        questionIsIndexed = true
        if questionNameEnd <= WireLimits.headerLength + 1 { return }
        let tails = NameTails(buffer.bytes.extracting(WireLimits.headerLength..<questionNameEnd))
        for k in 0..<tails.count {
            remember(tails.hash(k), at: WireLimits.headerLength + tails.start(k))
        }
    }

    private mutating func remember(_ hash: UInt32, at offset: Int) {
        if offset <= WireLimits.pointerTarget { names.insert(hash, offset: offset) }
    }

    private func reserve(_ octets: Int) throws(WireError) {
        guard count + octets <= buffer.capacity else { throw .messageTooLong }
    }

    /// The offset at which this tail of a name was written before, or 0.
    private func offset(of tail: borrowing RawSpan, hash: UInt32) -> Int {
        var slot = CompressionTable.firstSlot(hash)
        while let entry = names.entry(slot) {
            if entry.hash == hash, matches(tail, at: entry.offset) { return entry.offset }
            slot = CompressionTable.slot(after: slot)
        }
        return 0
    }

    /// Says whether the name at `offset` of the message is this tail of a name.
    private func matches(_ tail: borrowing RawSpan, at offset: Int) -> Bool {
        let written = buffer.bytes
        var position = offset
        var i = 0
        while true {
            var octet = written.uint8(at: position)
            while octet >= 192 {
                position = Int(written.uint16(at: position)) & WireLimits.pointerTarget
                octet = written.uint8(at: position)
            }
            let end = Int(octet) + 1
            guard i + end <= tail.byteCount else { return false }
            let left = written.extracting(position..<position + end)
            let right = tail.extracting(i..<i + end)
            let isSame =
                position < questionNameEnd ? left.hasSameFoldedBytes(as: right) : left.hasSameBytes(as: right)
            if !isSame { return false }
            if octet == 0 { return true }
            position += end
            i += end
        }
    }
}

/// Where the labels of a name begin, and a hash of the tail from each on.
private struct NameTails: ~Copyable {
    private var starts = InlineArray<128, UInt8>(repeating: 0)
    private var hashes = InlineArray<128, UInt32>(repeating: 0)
    private(set) var count = 0

    /// Reads a name in wire form without pointers.
    init(_ name: borrowing RawSpan) {
        var i = 0
        while name.uint8(at: i) != 0 {
            starts[count] = UInt8(i)
            count += 1
            i += Int(name.uint8(at: i)) + 1
        }
        // The shortest tail first, each extended by the label before it.
        var hash: UInt32 = 0x811C_9DC5
        var label = count - 1
        while label >= 0 {
            let start = Int(starts[label])
            for j in start...(start + Int(name.uint8(at: start))) {
                hash = (hash ^ UInt32(foldASCII(name.uint8(at: j)))) &* 0x0100_0193
            }
            hashes[label] = hash
            label -= 1
        }
    }

    /// The offset of the label at which the tail begins.
    @inline(__always)
    func start(_ i: Int) -> Int { Int(starts[i]) }

    @inline(__always)
    func hash(_ i: Int) -> UInt32 { hashes[i] }
}

/// Offsets of names already written, by the hash of the name: a fixed number; when full, nothing more is added.
private struct CompressionTable: ~Copyable {
    private static let slots = 256
    private static let entriesMax = 192
    /// Per slot a hash and an offset, which is 0 where the slot is free.
    private static let slotLength = 8
    private var table = WireBuffer(capacity: slots * slotLength)
    private var used = 0

    mutating func removeAll() {
        if used == 0 { return }
        var bytes = table.mutableBytes
        for slot in 0..<Self.slots { bytes.storeWord(0, at: slot * Self.slotLength) }
        used = 0
    }

    static func firstSlot(_ hash: UInt32) -> Int { Int(hash) & (slots - 1) }

    static func slot(after slot: Int) -> Int { (slot + 1) & (slots - 1) }

    func entry(_ slot: Int) -> (hash: UInt32, offset: Int)? {
        let word = table.bytes.word(at: slot * Self.slotLength)
        return word == 0 ? nil : (UInt32(truncatingIfNeeded: word >> 32), Int(word & 0xFFFF))
    }

    mutating func insert(_ hash: UInt32, offset: Int) {
        guard used < Self.entriesMax else { return }
        var slot = Self.firstSlot(hash)
        while entry(slot) != nil { slot = Self.slot(after: slot) }
        var bytes = table.mutableBytes
        bytes.storeWord(UInt64(hash) << 32 | UInt64(offset), at: slot * Self.slotLength)
        used += 1
    }
}
