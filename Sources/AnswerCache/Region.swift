// The memory of the cache: 64-bit words that threads read and write without locks. The one file of this module
// that holds `unsafe`.
import CSystem
import DNSWire
import Glibc
import Synchronization

/// A fixed number of 64-bit words, zero at first, mapped once and given back at the end.
///
/// Every word is an atomic, so that a reader that meets a writer sees old or new words, never undefined
/// behaviour; who needs a consistent set of words checks afterwards. Indices are checked. Pages are taken from
/// the system only when touched, huge ones in its front.
@safe
struct Region: ~Copyable, @unchecked Sendable {
    // SAFETY: mapped in init for `count` words, unmapped in deinit; every access checks its range first, once for
    // what follows in it. Sendable because all access is through atomics.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int
    let count: Int

    /// Octets of a huge page on the processors that we know.
    private static let hugePage = 2 << 20

    /// Maps `count` words; traps when the system has no memory, which only happens at start.
    ///
    /// The first `front` of them are in huge pages where the system offers them: for what is touched at random, where
    /// each small page would cost a walk of the page tables. The rest is taken from the system as it fills.
    init(count: Int, front: Int = 0) {
        precondition(count > 0 && front >= 0 && front <= count)
        self.count = count
        // Room to begin where a huge page does: nothing of it is touched.
        mappedBytes = count * 8 + Self.hugePage
        let memory = unsafe mmap(
            nil,
            mappedBytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("the system refused \(count * 8) octets for the answer cache: make cache.size smaller")
        }
        unsafe mapping = memory
        let start = unsafe memory.alignedUp(toMultipleOf: Self.hugePage)
        // Where the system has no huge pages, this fails, and nothing is lost.
        if front * 8 >= Self.hugePage { unsafe _ = madvise(start, front * 8, MADV_HUGEPAGE) }
        unsafe words = start.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    deinit { unsafe munmap(mapping, mappedBytes) }

    @inline(__always)
    func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].load(ordering: .relaxed)
    }

    @inline(__always)
    func loadAcquiring(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe words[index].load(ordering: .acquiring)
    }

    @inline(__always)
    func store(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(value, ordering: .relaxed)
    }

    @inline(__always)
    func storeReleasing(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe words[index].store(value, ordering: .releasing)
    }

    @inline(__always)
    func replace(_ expected: UInt64, with value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        _ = unsafe words[index].compareExchange(expected: expected, desired: value, ordering: .relaxed)
    }

    /// Lets the line of the word at `index`, if there is one, come from memory while other work is done.
    @inline(__always)
    func prefetch(_ index: Int) {
        guard index >= 0, index < count else { return }
        unsafe csystem_prefetch(words + index)
    }

    /// Takes the spin lock in the word at `index`.
    func lock(_ index: Int) {
        precondition(index >= 0 && index < count)
        var tries = 0
        while unsafe !words[index].compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged {
            tries += 1
            // The holder may have lost its core.
            if tries % 64 == 0 { sched_yield() }
        }
    }

    /// Gives back the lock in the word at `index`.
    func unlock(_ index: Int) {
        storeReleasing(0, at: index)
    }

    /// Whether `words` that begin at `start` lie inside.
    @inline(__always)
    private func has(_ words: Int, at start: Int) -> Bool {
        start >= 0 && words >= 0 && words <= count && start <= count &- words
    }
}

// MARK: - Entries

extension Region {
    /// The entry that begins at `start`, when it has this key.
    @inline(__always)
    func entry(at start: Int, of key: borrowing @_addressable CacheKey) -> Entry? {
        let keyWords = key.wordsInUse
        // An entry at the end may be shorter than one with this key would be.
        guard has(Entry.fixedWords &+ keyWords.count, at: start) else { return nil }
        let first = start &+ Entry.fixedWords
        for i in 0..<keyWords.count {
            if unsafe words[first &+ i].load(ordering: .relaxed) != keyWords[i] { return nil }
        }
        return unsafe Entry(
            times: words[start &+ 1].load(ordering: .relaxed),
            counts: words[start &+ 2].load(ordering: .relaxed),
            lengths: words[start &+ 3].load(ordering: .relaxed),
            rotation: words[start &+ 4].load(ordering: .relaxed)
        )
    }

    /// The entry that begins at `start`.
    @inline(__always)
    func entry(at start: Int) -> Entry {
        precondition(has(Entry.fixedWords, at: start))
        return unsafe Entry(
            times: words[start &+ 1].load(ordering: .relaxed),
            counts: words[start &+ 2].load(ordering: .relaxed),
            lengths: words[start &+ 3].load(ordering: .relaxed),
            rotation: words[start &+ 4].load(ordering: .relaxed)
        )
    }

    /// Words of the entry that begins at `start`.
    func words(entryAt start: Int) -> Int {
        let entry = entry(at: start)
        let nameLength = Int(truncatingIfNeeded: load(start + Entry.fixedWords) & 0xFF)
        return Entry.words(keyWords: CacheKey.count(nameLength), ttls: entry.ttls, length: entry.length)
    }

    /// Writes all of an entry but its body.
    func store(
        _ entry: Entry,
        _ key: borrowing @_addressable CacheKey,
        ttlOffsets: borrowing Span<UInt16>,
        at start: Int
    ) {
        store(key.hash, at: start)
        store(entry.times, at: start + 1)
        store(entry.counts, at: start + 2)
        store(entry.lengths, at: start + 3)
        store(entry.rotation, at: start + 4)
        var position = start + Entry.fixedWords
        let keyWords = key.wordsInUse
        for i in 0..<keyWords.count { store(keyWords[i], at: position + i) }
        position += keyWords.count
        var word: UInt64 = 0
        // The first is in the entry's own words.
        for i in 0..<max(ttlOffsets.count - 1, 0) {
            word |= UInt64(ttlOffsets[i + 1]) << UInt64(i % 4 * 16)
            if i % 4 == 3 || i == ttlOffsets.count - 2 {
                store(word, at: position)
                position += 1
                word = 0
            }
        }
    }

    /// Copies words to where they do not overwrite what is still to be copied: downwards, or far enough.
    func move(_ length: Int, from source: Int, to target: Int) {
        precondition(has(length, at: source) && has(length, at: target))
        for i in 0..<length {
            let word = unsafe words[source &+ i].load(ordering: .relaxed)
            unsafe words[target &+ i].store(word, ordering: .relaxed)
        }
    }
}

// MARK: - Octets

extension Region {
    /// Writes the octets from the word `index` on, the last word filled up with zeros.
    func store(_ octets: borrowing RawSpan, at index: Int) {
        let whole = octets.byteCount / 8
        let rest = octets.byteCount % 8
        precondition(has(Entry.words(octets: octets.byteCount), at: index))
        for i in 0..<whole {
            let word = unsafe octets.unsafeLoadUnaligned(fromUncheckedByteOffset: i &* 8, as: UInt64.self)
            unsafe words[index &+ i].store(word, ordering: .relaxed)
        }
        guard rest > 0 else { return }
        var last: UInt64 = 0
        for i in 0..<rest { last |= UInt64(octets.uint8(at: whole * 8 + i)) << UInt64(i * 8) }
        unsafe words[index &+ whole].store(last, ordering: .relaxed)
    }

    /// Copies `length` octets that begin at the word `index` to `offset` of `destination`.
    ///
    /// - Returns: false when there are not so many.
    @inline(__always)
    func copy(from index: Int, length: Int, to destination: inout MutableRawSpan, at offset: Int) -> Bool {
        guard length >= 0, has(Entry.words(octets: length), at: index) else { return false }
        precondition(offset >= 0 && length <= destination.byteCount &- offset)
        let whole = length >> 3
        for i in 0..<whole {
            let word = unsafe words[index &+ i].load(ordering: .relaxed)
            unsafe destination.storeBytes(of: word, toUncheckedByteOffset: offset &+ i &* 8, as: UInt64.self)
        }
        if length & 7 > 0 {
            let last = unsafe words[index &+ whole].load(ordering: .relaxed)
            Self.store(last, octets: length & 7, to: &destination, at: offset &+ whole &* 8)
        }
        return true
    }

    /// The same for octets that begin `skipped` octets behind the word's start.
    func copy(
        from index: Int,
        skipping skipped: Int,
        length: Int,
        to destination: inout MutableRawSpan,
        at offset: Int
    ) {
        let shift = UInt64(skipped % 8 * 8)
        var index = index + skipped / 8
        var offset = offset
        var left = length
        while left > 0 {
            let octets = min(left, 8)
            var word = load(index) >> shift
            // Only where they are needed: the next word may belong to somebody else.
            if octets * 8 > 64 - Int(shift) { word |= load(index + 1) << (64 - shift) }
            if octets == 8 {
                destination.storeWord(word, at: offset)
            } else {
                Self.store(word, octets: octets, to: &destination, at: offset)
            }
            index += 1
            offset += 8
            left -= 8
        }
    }

    /// Writes the first `octets`, at most seven, of a word.
    @inline(__always)
    private static func store(
        _ word: UInt64,
        octets: Int,
        to destination: inout MutableRawSpan,
        at offset: Int
    ) {
        var word = word
        var offset = offset
        if octets & 4 != 0 {
            destination.storeBytes(
                of: UInt32(truncatingIfNeeded: word),
                toByteOffset: offset,
                as: UInt32.self
            )
            word >>= 32
            offset &+= 4
        }
        if octets & 2 != 0 {
            destination.storeBytes(
                of: UInt16(truncatingIfNeeded: word),
                toByteOffset: offset,
                as: UInt16.self
            )
            word >>= 16
            offset &+= 2
        }
        if octets & 1 != 0 { destination.store(UInt8(truncatingIfNeeded: word), at: offset) }
    }
}
