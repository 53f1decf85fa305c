// Domain names in wire form (RFC 1035 §3.1, §4.1.4). Comparison folds ASCII letters only (RFC 4343 §3).

/// A domain name in uncompressed wire form, held inline: 1 to 255 octets, root label included.
public struct DomainName: Sendable {
    @usableFromInline
    var storage: InlineArray<255, UInt8>
    @usableFromInline
    var storedLength: UInt8

    /// The root: one octet.
    public init() {
        storage = InlineArray(repeating: 0)
        storedLength = 1
    }

    /// Makes a name of labels; nil when a label is empty or over 63 octets, or the name over 255.
    public init?(labels: [[UInt8]]) {
        self.init()
        var offset = 0
        for label in labels {
            guard !label.isEmpty, label.count <= WireLimits.labelLength,
                offset + label.count + 2 <= WireLimits.nameLength
            else { return nil }
            storage[offset] = UInt8(label.count)
            for (i, octet) in label.enumerated() { storage[offset + 1 + i] = octet }
            offset += label.count + 1
        }
        storage[offset] = 0
        storedLength = UInt8(offset + 1)
    }

    /// Makes a name of plain ASCII text without escapes, for constants: `DomainName("cluster.local")`.
    ///
    /// Text of users goes through PresentationFormat, which knows escapes.
    public init?(_ text: String) {
        let octets = text.utf8.last == UInt8(ascii: ".") ? text.utf8.dropLast() : text.utf8[...]
        let labels = octets.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        self.init(labels: octets.isEmpty ? [] : labels.map { Array($0) })
    }

    /// Reads the name at `offset`, following pointers backwards only, and moves `offset` behind it.
    public init(_ message: borrowing RawSpan, at offset: inout Int) throws(WireError) {
        self.init()
        var written = 0
        var position = offset
        // Each pointer must lie before the run of labels that it ends, so that the walk ends, too.
        var runStart = offset
        var end: Int? = nil
        var pointers = 0
        while true {
            guard position < message.byteCount else { throw .truncated }
            let octet = message.uint8(at: position)
            if octet == 0 {
                append(message, runStart..<position, at: written)
                written += position - runStart
                storage[written] = 0
                storedLength = UInt8(written + 1)
                offset = end ?? (position + 1)
                return
            }
            if octet < 64 {
                let length = Int(octet)
                guard position + length < message.byteCount else { throw .truncated }
                guard written + position - runStart + length + 2 <= WireLimits.nameLength else {
                    throw .nameTooLong
                }
                position += length + 1
            } else if octet >= 192 {
                guard position + 1 < message.byteCount else { throw .truncated }
                let target = Int(message.uint16(at: position)) & WireLimits.pointerTarget
                pointers += 1
                guard target < runStart, target >= WireLimits.headerLength,
                    pointers <= WireLimits.pointersPerName
                else { throw .badPointer }
                append(message, runStart..<position, at: written)
                written += position - runStart
                end = end ?? (position + 2)
                position = target
                runStart = target
            } else {
                throw .badLabel
            }
        }
    }

    // A run of labels between two pointers is copied at once.
    private mutating func append(_ message: borrowing RawSpan, _ run: Range<Int>, at offset: Int) {
        if !run.isEmpty { copy(message.extracting(run), at: offset) }
    }

    /// The octets of the wire form, root label included.
    @inline(always)
    public var length: Int { Int(storedLength) }

    /// Whether this is the root.
    public var isRoot: Bool { storedLength == 1 }

    /// The octet at `index` of the wire form.
    @inline(always)
    public subscript(index: Int) -> UInt8 { storage[index] }

    /// The wire form, borrowed.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get { unsafe storage.span.bytes.extracting(first: length) }
    }

    // Loops over octets go through spans: an index into the array may copy all of it.
    private mutating func copy(_ octets: borrowing RawSpan, at offset: Int) {
        var span = storage.mutableSpan
        var bytes = unsafe span.mutableBytes
        bytes.copy(octets, at: offset)
    }

    /// The number of labels, root label not counted.
    public var labelCount: Int {
        let octets = bytes
        var count = 0
        var i = 0
        while octets.uint8(at: i) != 0 {
            count += 1
            i += Int(octets.uint8(at: i)) + 1
        }
        return count
    }
}

// MARK: - Comparison

extension DomainName: Equatable, Hashable {
    /// Names are equal when they are alike but for the case of ASCII letters (RFC 4343 §3).
    public static func == (left: DomainName, right: DomainName) -> Bool {
        left.bytes.hasSameFoldedBytes(as: right.bytes)
    }

    /// A hash that equal names share, to tell most different names apart without comparing them.
    public var foldedHash: UInt32 { UInt32(truncatingIfNeeded: bytes.foldedHash) }

    public func hash(into hasher: inout Hasher) {
        // Keyed from the first word on: the names of a set may be chosen by somebody else.
        let octets = bytes
        var i = 0
        while i + 8 <= octets.byteCount {
            hasher.combine(foldASCII(octets.word(at: i)))
            i += 8
        }
        while i < octets.byteCount {
            hasher.combine(foldASCII(octets.uint8(at: i)))
            i += 1
        }
    }

    /// The offset of the label at which `ancestor` begins, or nil when this name is neither it nor below it.
    public func offset(of ancestor: DomainName) -> Int? { offset(of: ancestor.bytes) }

    private func offset(of ancestor: borrowing RawSpan) -> Int? {
        let octets = bytes
        let start = length - ancestor.byteCount
        guard start >= 0, octets.extracting(start..<length).hasSameFoldedBytes(as: ancestor) else {
            return nil
        }
        var i = 0
        while i < start { i += Int(octets.uint8(at: i)) + 1 }
        return i == start ? start : nil
    }

    /// Whether this name is `ancestor` or below it.
    public func isAtOrBelow(_ ancestor: DomainName) -> Bool { offset(of: ancestor) != nil }
}

// MARK: - Derived names

extension DomainName {
    /// The name without its first label; nil at the root.
    public var parent: DomainName? {
        isRoot ? nil : suffix(from: Int(storage[0]) + 1)
    }

    /// The name that begins at the label at `offset`.
    public func suffix(from offset: Int) -> DomainName {
        var name = DomainName()
        name.copy(bytes.extracting(offset..<length), at: 0)
        name.storedLength = UInt8(length - offset)
        return name
    }

    /// The name with its octets from `offset` on replaced by `suffix`; nil when over 255 octets.
    public func replacingSuffix(at offset: Int, with suffix: DomainName) -> DomainName? {
        replacingSuffix(at: offset, with: suffix.bytes)
    }

    private func replacingSuffix(at offset: Int, with suffix: borrowing RawSpan) -> DomainName? {
        guard offset + suffix.byteCount <= WireLimits.nameLength else { return nil }
        var name = self
        name.copy(suffix, at: offset)
        name.storedLength = UInt8(offset + suffix.byteCount)
        return name
    }

    /// The name with `other` in place of its tail `ancestor`, both in wire form.
    ///
    /// Itself when it is neither `ancestor` nor below it; nil when over 255 octets.
    public func replacing(_ ancestor: borrowing RawSpan, with other: borrowing RawSpan) -> DomainName? {
        guard let offset = offset(of: ancestor) else { return self }
        return replacingSuffix(at: offset, with: other)
    }

    /// The name with a label in front; nil when it does not fit.
    public func prepending(_ label: [UInt8]) -> DomainName? {
        guard !label.isEmpty, label.count <= WireLimits.labelLength,
            length + label.count + 1 <= WireLimits.nameLength
        else { return nil }
        var name = DomainName()
        name.storage[0] = UInt8(label.count)
        for (i, octet) in label.enumerated() { name.storage[1 + i] = octet }
        for i in 0..<length { name.storage[label.count + 1 + i] = storage[i] }
        name.storedLength = UInt8(length + label.count + 1)
        return name
    }

    /// The labels, first label first, root label left out.
    public var labels: [[UInt8]] {
        var result: [[UInt8]] = []
        var i = 0
        while storage[i] != 0 {
            let n = Int(storage[i])
            result.append((1...n).map { storage[i + $0] })
            i += n + 1
        }
        return result
    }

    /// The name with ASCII letters in lower case.
    public var folded: DomainName {
        var name = self
        name.fold()
        return name
    }

    private mutating func fold() {
        let length = length
        var span = storage.mutableSpan
        var bytes = unsafe span.mutableBytes
        bytes.fold(first: length)
    }
}

/// The octet in lower case when it is an ASCII capital.
///
/// Length octets (at most 63) are never capitals.
@inline(always)
public func foldASCII(_ octet: UInt8) -> UInt8 {
    octet &- 65 < 26 ? octet | 0x20 : octet
}

/// Eight octets at once, each in lower case when it is an ASCII capital.
@inline(always)
public func foldASCII(_ word: UInt64) -> UInt64 {
    // Octets above 127 are no letters (RFC 4343 §3): their high bit keeps them out.
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (0x7F &* ones)
    let atLeastA = low &+ ((0x80 - 65) &* ones)
    let aboveZ = low &+ ((0x80 - 91) &* ones)
    let capitals = (atLeastA ^ aboveZ) & ~word & (0x80 &* ones)
    return word | (capitals >> 2)
}
