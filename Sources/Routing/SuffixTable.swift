import DNSWire

/// Values by domain name, found by the longest suffix of a name on label boundaries.
///
/// Open addressing over hashes of whole suffixes. Only depths that some entry has are probed, the deepest first,
/// so that the cost of a look-up does not depend on the number of entries. Names are folded (RFC 4343 §3).
/// - Complexity: look-up O(depths that entries have), no allocation.
struct SuffixTable: Sendable {
    /// What was found, and which suffix of the name it belongs to.
    struct Match: Equatable, BitwiseCopyable {
        var value: Int32
        /// The offset at which the suffix begins; 0 when the name itself is an entry.
        var offset: Int
    }

    private struct Slot: BitwiseCopyable {
        var hash: UInt32 = 0
        /// The place of the name's words in `words`.
        var firstWord: UInt32 = 0
        /// -1 in a free slot.
        var value: Int32 = -1
        /// Octets of the name; at least 1.
        var length: Int32 = 0
    }

    private var slots: [Slot]
    /// The number of slots, a power of two, less one.
    private let mask: Int
    /// The names, as the words of their `NameWords`.
    private var words: [UInt64] = []
    /// The numbers of labels that entries have.
    private var depths = DepthSet()

    /// Builds the table.
    ///
    /// Of equal names the first wins. Values are not negative.
    init(_ entries: [(name: DomainName, value: Int32)]) {
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        mask = size - 1
        words.reserveCapacity(entries.count * 4)
        for entry in entries { insert(entry.name.folded, entry.value) }
    }

    private mutating func insert(_ name: DomainName, _ value: Int32) {
        precondition(value >= 0)
        let suffix = NameWords(offset: 0, length: name.length)
        let hash = suffix.hash(name.bytes)
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].value >= 0 {
            if matches(slots[index], hash, name.bytes, suffix) { return }
            index = (index + 1) & mask
        }
        slots[index] = Slot(
            hash: UInt32(truncatingIfNeeded: hash >> 32),
            firstWord: UInt32(words.count),
            value: value,
            length: Int32(name.length)
        )
        for i in 0..<suffix.count { words.append(suffix.word(i, of: name.bytes)) }
        depths.insert(name.labelCount)
    }

    /// The longest suffix of `name` that is in the table.
    func longestMatch(_ name: borrowing RawSpan, labelCount: Int) -> Match? {
        var depth = labelCount
        var offset = 0
        while true {
            if depths.contains(depth) {
                let value = value(name, from: offset)
                if value >= 0 { return Match(value: value, offset: offset) }
            }
            guard depth > 0 else { return nil }
            depth &-= 1
            offset &+= Int(name.uint8(at: offset)) &+ 1
        }
    }

    /// Whether the suffix of `name` from `offset` on is itself in the table.
    func contains(_ name: borrowing RawSpan, from offset: Int) -> Bool { value(name, from: offset) >= 0 }

    /// The value of the suffix from `offset` on, or -1.
    private func value(_ name: borrowing RawSpan, from offset: Int) -> Int32 {
        let suffix = NameWords(offset: offset, length: name.byteCount &- offset)
        let hash = suffix.hash(name)
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[index]
            if slot.value < 0 || matches(slot, hash, name, suffix) { return slot.value }
            index = (index &+ 1) & mask
        }
    }

    @inline(__always)
    private func matches(
        _ slot: Slot,
        _ hash: UInt64,
        _ name: borrowing RawSpan,
        _ suffix: NameWords
    ) -> Bool {
        guard slot.hash == UInt32(truncatingIfNeeded: hash >> 32), Int(slot.length) == suffix.length else {
            return false
        }
        let first = Int(slot.firstWord)
        var i = 0
        while i < suffix.count {
            if words[first &+ i] != suffix.word(i, of: name) { return false }
            i &+= 1
        }
        return true
    }
}

/// A set of numbers of labels, 0 to 127.
private struct DepthSet: BitwiseCopyable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    mutating func insert(_ depth: Int) {
        if depth < 64 { low |= 1 << UInt64(depth) } else { high |= 1 << UInt64(depth - 64) }
    }

    @inline(__always)
    func contains(_ depth: Int) -> Bool {
        (depth < 64 ? low : high) >> UInt64(truncatingIfNeeded: depth & 63) & 1 != 0
    }
}
