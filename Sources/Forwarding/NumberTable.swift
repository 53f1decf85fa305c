/// Small numbers by a 64-bit key: open addressing with linear probing, without holes.
///
/// Keys must be spread by whoever makes them, with a secret where others choose what they are made of, and are
/// never 0. It grows by doubling, up to what its owner puts in, and does not shrink, so that nothing is allocated
/// once it is warm.
struct NumberTable {
    private struct Slot: BitwiseCopyable {
        var key: UInt64 = 0
        var number: Int32 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 64)
    private(set) var count = 0

    /// The number of a key.
    subscript(key: UInt64) -> Int? {
        let found = slot(of: key)
        return slots[found].key == key && key != 0 ? Int(slots[found].number) : nil
    }

    /// Sets the number of a key.
    mutating func set(_ key: UInt64, _ number: Int) {
        precondition(key != 0)
        if (count + 1) * 2 > slots.count { grow() }
        let place = slot(of: key)
        if slots[place].key != key { count += 1 }
        slots[place] = Slot(key: key, number: Int32(number))
    }

    /// Takes a key out, if it is there.
    mutating func remove(_ key: UInt64) {
        var hole = slot(of: key)
        guard slots[hole].key == key, key != 0 else { return }
        count -= 1
        // What comes behind moves up, unless it would then stand before its own first slot.
        var next = hole
        while true {
            next = (next + 1) & (slots.count - 1)
            guard slots[next].key != 0 else { break }
            let first = firstSlot(slots[next].key)
            let distance = (next - first) & (slots.count - 1)
            if distance >= (next - hole) & (slots.count - 1) {
                slots[hole] = slots[next]
                hole = next
            }
        }
        slots[hole] = Slot()
    }

    /// The slot that has the key, or the free one where it belongs.
    private func slot(of key: UInt64) -> Int {
        var slot = firstSlot(key)
        while slots[slot].key != 0, slots[slot].key != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    @inline(__always)
    private func firstSlot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for entry in old where entry.key != 0 { slots[slot(of: entry.key)] = entry }
    }
}
