import DNSWire

/// What the end of a name says before its labels are looked at: how many there are, and where the last two begin.
struct NameTail: BitwiseCopyable {
    /// The number of labels, root label not counted.
    private(set) var labelCount = 0
    /// The offset of the last label; 0 in the root.
    private(set) var lastOffset = 0
    /// The offset of the label before it; 0 where there is none.
    private(set) var secondLastOffset = 0

    /// Reads a name in uncompressed wire form.
    @_noAllocation
    init(_ name: borrowing RawSpan) {
        var position = 0
        while position < name.byteCount {
            let length = Int(name.uint8(at: position))
            if length == 0 { break }
            secondLastOffset = lastOffset
            lastOffset = position
            labelCount &+= 1
            position &+= length &+ 1
        }
    }
}
