// The memory that events go through from a worker to the observer. The one file of this module that holds `unsafe`.
import Synchronization

/// A fixed number of records between one thread that puts and one that takes; neither waits for the other.
///
/// What does not fit is counted as lost.
@safe
public final class QueryRing: @unchecked Sendable {
    // SAFETY: allocated in init, freed in deinit. A record is written by the putting thread before `head` passes it
    // (releasing) and read by the taking thread after it has seen that (acquiring); it is written again only after
    // `tail` has passed it, the same way round. Indices are masked, lengths are cut to a record's room.
    private let memory: UnsafeMutableRawPointer
    private let mask: UInt64
    private let stride: Int
    private let room: Int
    /// Records put and taken so far, on cache lines of their own by what lies between.
    private let head = Atomic<UInt64>(0)
    private let apart = InlineArray<16, UInt64>(repeating: 0)
    private let tail = Atomic<UInt64>(0)
    private let lostCount = Atomic<UInt64>(0)

    private static let eventOctets = 64

    /// - Parameters:
    ///   - records: is rounded up to a power of two.
    ///   - messageOctets: the most that a record holds of a reply.
    public init(records: Int, messageOctets: Int) {
        precondition(MemoryLayout<QueryEvent>.size + 2 <= Self.eventOctets)
        var count = 1
        while count < records { count *= 2 }
        mask = UInt64(count - 1)
        room = messageOctets
        stride = Self.eventOctets + (messageOctets + 63) / 64 * 64
        unsafe memory = .allocate(byteCount: count * stride, alignment: 64)
    }

    deinit { unsafe memory.deallocate() }

    /// Records that found no room.
    public var lost: UInt64 { lostCount.load(ordering: .relaxed) }

    /// Puts a record, with as much of the message as a record holds; false when the ring is full.
    ///
    /// On one thread only.
    @discardableResult
    public func put(_ event: QueryEvent, _ message: borrowing RawSpan) -> Bool {
        let place = head.load(ordering: .relaxed)
        guard place &- tail.load(ordering: .acquiring) <= mask else {
            lostCount.store(lostCount.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
            return false
        }
        let length = min(message.byteCount, room)
        let record = unsafe memory + Int(place & mask) * stride
        unsafe record.storeBytes(of: event, as: QueryEvent.self)
        unsafe record.storeBytes(of: UInt16(length), toByteOffset: Self.eventOctets - 2, as: UInt16.self)
        unsafe message.withUnsafeBytes { octets in
            guard let start = octets.baseAddress else { return }
            unsafe (record + Self.eventOctets).copyMemory(from: start, byteCount: length)
        }
        head.store(place &+ 1, ordering: .releasing)
        return true
    }

    /// Takes the records that are there now, the oldest first; returns how many.
    ///
    /// On one thread only.
    @discardableResult
    public func take(_ body: (QueryEvent, borrowing RawSpan) -> Void) -> Int {
        let end = head.load(ordering: .acquiring)
        let start = tail.load(ordering: .relaxed)
        var place = start
        while place != end {
            let record = unsafe memory + Int(place & mask) * stride
            let length = Int(unsafe record.load(fromByteOffset: Self.eventOctets - 2, as: UInt16.self))
            let octets = unsafe UnsafeRawBufferPointer(start: record + Self.eventOctets, count: length)
            unsafe body(record.load(as: QueryEvent.self), RawSpan(_unsafeBytes: octets))
            place &+= 1
            tail.store(place, ordering: .releasing)
        }
        return Int(end &- start)
    }
}
