// The memory of the cache: 64-bit words that threads read and write without locks. The one file of this module
// that holds `unsafe`.
import Glibc
import Synchronization

/// A fixed number of 64-bit words, zero at first, mapped once and given back at the end.
///
/// Every word is an atomic, so that a reader that meets a writer sees old or new words, never undefined
/// behaviour; who needs a consistent set of words checks afterwards. Indices are checked. Pages are taken from
/// the system only when touched.
@safe
struct Region: ~Copyable, @unchecked Sendable {
    // SAFETY: mapped in init for `count` words, unmapped in deinit; every access checks its index first.
    // Sendable because all access is through atomics.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    /// Maps `count` words; traps when the system has no memory, which only happens at start.
    init(count: Int) {
        precondition(count > 0)
        self.count = count
        let memory = unsafe mmap(
            nil,
            count * 8,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("the system refused \(count * 8) octets for the answer cache: make cache.size smaller")
        }
        unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    deinit { unsafe munmap(words, count * 8) }

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

    /// Copies `length` octets that begin at the word `index` to `offset` of `destination`.
    @inline(__always)
    func copy(from index: Int, length: Int, to destination: inout MutableRawSpan, at offset: Int) {
        let whole = length / 8
        let rest = length % 8
        precondition(index >= 0 && index + whole + (rest > 0 ? 1 : 0) <= count && length >= 0)
        precondition(offset >= 0 && length <= destination.byteCount - offset)
        var at = offset
        for i in 0..<whole {
            destination.storeBytes(of: load(index + i), toByteOffset: at, as: UInt64.self)
            at += 8
        }
        if rest > 0 {
            var word = load(index + whole)
            for _ in 0..<rest {
                destination.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: at, as: UInt8.self)
                word >>= 8
                at += 1
            }
        }
    }
}
