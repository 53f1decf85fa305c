import DNSWire

/// Values by domain name, found by the longest suffix of a name on label boundaries.
///
/// Open addressing over hashes of whole suffixes; only depths that some entry has are probed, so that the cost
/// of a look-up does not depend on the number of entries. Names are folded (RFC 4343 §3).
/// - Complexity: look-up O(labels of the deepest entry), no allocation.
struct SuffixTable: Sendable {
    private struct Slot {
        var hash: UInt32 = 0
        var length: UInt16 = 0
        var nameOffset: UInt32 = 0
        var value: Int32 = -1
    }

    private var slots: [Slot]
    private var names: [UInt8] = []
    private var depths: (low: UInt64, high: UInt64) = (0, 0)
    private var deepest = 0

    /// Builds the table.
    ///
    /// Of equal names the first wins.
    init(_ entries: [(name: DomainName, value: Int32)]) {
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        for entry in entries { insert(entry.name.folded, entry.value) }
    }

    private mutating func insert(_ name: DomainName, _ value: Int32) {
        let labels = LabelStarts(name.bytes)
        let depth = labels.count
        var hash = Self.seed
        for label in stride(from: depth - 1, through: 0, by: -1) {
            hash = Self.extend(hash, name.bytes, labels[label])
        }
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot].value >= 0 {
            if matches(slots[slot], hash, name.bytes, from: 0) { return }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Slot(
            hash: hash,
            length: UInt16(name.length),
            nameOffset: UInt32(names.count),
            value: value
        )
        for i in 0..<name.length { names.append(name[i]) }
        if depth < 64 { depths.low |= 1 << UInt64(depth) } else { depths.high |= 1 << UInt64(depth - 64) }
        deepest = max(deepest, depth)
    }

    /// The value of the longest suffix of `name` that is in the table.
    func longestMatch(_ name: borrowing RawSpan, _ labels: LabelStarts) -> Int32? {
        var best: Int32 = -1
        var hash = Self.seed
        var depth = 0
        while true {
            if hasDepth(depth) {
                let start = depth == 0 ? name.byteCount - 1 : labels[labels.count - depth]
                let found = value(hash, name, from: start)
                if found >= 0 { best = found }
            }
            guard depth < labels.count, depth < deepest else { break }
            depth += 1
            hash = Self.extend(hash, name, labels[labels.count - depth])
        }
        return best < 0 ? nil : best
    }

    @inline(__always)
    private func hasDepth(_ depth: Int) -> Bool {
        depth < 64
            ? depths.low & (1 << UInt64(depth)) != 0
            : depths.high & (1 << UInt64(depth - 64)) != 0
    }

    private func value(_ hash: UInt32, _ name: borrowing RawSpan, from start: Int) -> Int32 {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot].value >= 0 {
            if matches(slots[slot], hash, name, from: start) { return slots[slot].value }
            slot = (slot + 1) & (slots.count - 1)
        }
        return -1
    }

    private func matches(
        _ slot: Slot,
        _ hash: UInt32,
        _ name: borrowing RawSpan,
        from start: Int
    ) -> Bool {
        guard slot.hash == hash, Int(slot.length) == name.byteCount - start else { return false }
        for i in 0..<Int(slot.length)
        where names[Int(slot.nameOffset) + i] != name.uint8(at: start + i) {
            return false
        }
        return true
    }

    private static let seed: UInt32 = 0x811C_9DC5

    @inline(__always)
    private static func extend(_ hash: UInt32, _ name: borrowing RawSpan, _ start: Int) -> UInt32 {
        var hash = hash
        for i in start...(start + Int(name.uint8(at: start))) {
            hash = (hash ^ UInt32(name.uint8(at: i))) &* 0x0100_0193
        }
        // FNV's low bits are its weakest: fold the high ones in.
        return hash ^ (hash >> 15)
    }
}
