import Glibc
import Synchronization

/// Rows of counters, written by one thread and read by any.
///
/// Memory is taken from the system when a row is first counted in.
@safe
public final class CounterTable: @unchecked Sendable {
    // SAFETY: mapped in init for `count` words and unmapped in deinit; each access checks its index. Sendable because
    // all access is through atomics.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int
    /// Rows that there are.
    public let rows: Int

    /// Counters of a row: four lines of memory.
    public static let rowLength = 32

    /// Makes a table of zeros; traps when the system refuses even the addresses, which only happens at the start.
    public init(rows: Int) {
        precondition(rows > 0)
        self.rows = rows
        count = rows * Self.rowLength
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = unsafe mmap(nil, count * 8, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("the system refused \(count * 8) octets for counters")
        }
        unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
    }

    deinit { unsafe munmap(words, count * 8) }

    /// Adds to a counter; what is beyond the table counts in row 0.
    ///
    /// On the owner's thread only: this is a plain load and store, no locked instruction.
    @inline(__always)
    public func add(_ amount: UInt64 = 1, row: Int, place: Int) {
        let index = (row < rows ? row : 0) &* Self.rowLength &+ place
        precondition(index >= 0 && index < count)
        let value = unsafe words[index].load(ordering: .relaxed)
        unsafe words[index].store(value &+ amount, ordering: .relaxed)
    }

    /// Sets a value that goes up and down.
    ///
    /// On the owner's thread only.
    public func set(_ value: UInt64, row: Int, place: Int) {
        let index = row * Self.rowLength + place
        precondition(row >= 0 && row < rows && place >= 0 && place < Self.rowLength)
        unsafe words[index].store(value, ordering: .relaxed)
    }

    /// The count so far.
    ///
    /// Any thread.
    public func value(row: Int, place: Int) -> UInt64 {
        let index = row * Self.rowLength + place
        precondition(row >= 0 && row < rows && place >= 0 && place < Self.rowLength)
        return unsafe words[index].load(ordering: .relaxed)
    }
}
