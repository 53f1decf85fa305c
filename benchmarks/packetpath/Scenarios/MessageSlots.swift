import DNSWire

/// Messages in slots of equal size, allocated once.
struct MessageSlots: ~Copyable {
    // A slot begins with the length of its message, as on a stream.
    private var buffer: WireBuffer
    private let slotSize: Int
    let count: Int

    init(count: Int, octets: Int) {
        self.count = count
        slotSize = (octets + 2 + 7) & ~7
        buffer = WireBuffer(capacity: count * slotSize)
    }

    /// The message in a slot; empty before the first `store`.
    @_lifetime(borrow self)
    func message(_ slot: Int) -> RawSpan {
        let start = slot * slotSize
        let length = Int(buffer.bytes.uint16(at: start))
        return buffer.bytes.extracting((start + 2)..<(start + 2 + length))
    }

    /// A copy of the message in a slot.
    func octets(_ slot: Int) -> [UInt8] { message(slot).toArray() }

    /// The whole room of a slot; `setLength` says how much of it a message takes.
    @_lifetime(&self)
    mutating func room(_ slot: Int) -> MutableRawSpan {
        let start = slot * slotSize
        return buffer.mutableBytes._consumingExtracting((start + 2)..<(start + slotSize))
    }

    mutating func setLength(_ length: Int, of slot: Int) {
        let start = slot * slotSize
        var bytes = buffer.mutableBytes
        bytes.store(UInt16(length), at: start)
    }

    mutating func store(_ message: borrowing RawSpan, in slot: Int) {
        precondition(message.byteCount <= slotSize - 2)
        let start = slot * slotSize
        var bytes = buffer.mutableBytes
        bytes.store(UInt16(message.byteCount), at: start)
        bytes.copy(message, at: start + 2)
    }

    /// Empties all slots.
    mutating func clear() {
        for slot in 0..<count { setLength(0, of: slot) }
    }
}
