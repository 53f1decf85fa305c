// Names below in-addr.arpa (RFC 1035 §3.5) and ip6.arpa (RFC 3596 §2.5) as ranges of addresses.
import DNSWire

/// The range of addresses that a reverse name speaks of: one address when complete, a prefix when partial.
public struct ReverseName: Sendable, BitwiseCopyable, Equatable {
    public var isIPv4: Bool
    public var low: UInt128
    public var high: UInt128
    /// The labels left of the two of in-addr.arpa or ip6.arpa that were read as octets or nibbles.
    public var addressLabels: Int

    /// Reads a folded name; nil when it is not below in-addr.arpa or ip6.arpa.
    ///
    /// Labels are read from the right for as long as they are plain octets or nibbles. A label with a leading
    /// zero, above 255, or as in RFC 2317 is no part of an address: the name then counts as one below the
    /// prefix to its right.
    public init?(_ name: borrowing RawSpan, labelStarts: LabelStarts) {
        let labels = labelStarts.count
        guard labels >= 2, Self.isLabel(name, at: labelStarts[labels - 1], "arpa") else { return nil }
        let tree = labelStarts[labels - 2]
        if Self.isLabel(name, at: tree, "in-addr") {
            isIPv4 = true
        } else if Self.isLabel(name, at: tree, "ip6") {
            isIPv4 = false
        } else {
            return nil
        }
        let bitsPerLabel = isIPv4 ? 8 : 4
        let width = isIPv4 ? 32 : 128
        var bits: UInt128 = 0
        var read = 0
        var label = labels - 3
        while label >= 0, read * bitsPerLabel < width {
            let start = labelStarts[label]
            guard let value = isIPv4 ? Self.octet(name, at: start) : Self.nibble(name, at: start) else {
                break
            }
            bits = bits << UInt128(bitsPerLabel) | UInt128(value)
            read += 1
            label -= 1
        }
        let free = UInt128(width - read * bitsPerLabel)
        low = free == 128 ? 0 : bits << free
        high = free == 128 ? UInt128.max : low | ((1 << free) - 1)
        addressLabels = read
    }

    private static func isLabel(_ name: borrowing RawSpan, at start: Int, _ text: StaticString) -> Bool {
        guard Int(name.uint8(at: start)) == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for i in 0..<text.count where unsafe name.uint8(at: start + 1 + i) != text[i] { return false }
            return true
        }
    }

    private static func octet(_ name: borrowing RawSpan, at start: Int) -> UInt8? {
        let length = Int(name.uint8(at: start))
        guard length >= 1, length <= 3 else { return nil }
        if length > 1, name.uint8(at: start + 1) == UInt8(ascii: "0") { return nil }
        var value = 0
        for i in 1...length {
            let digit = name.uint8(at: start + i) &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return UInt8(exactly: value)
    }

    private static func nibble(_ name: borrowing RawSpan, at start: Int) -> UInt8? {
        guard name.uint8(at: start) == 1 else { return nil }
        let digit = name.uint8(at: start + 1)
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return digit - UInt8(ascii: "a") + 10
        default: return nil
        }
    }
}

/// Where the labels of a name begin, first label first, root label left out.
public struct LabelStarts: Sendable {
    @usableFromInline
    var starts = InlineArray<128, UInt8>(repeating: 0)
    public private(set) var count = 0

    /// Reads the labels of a name in uncompressed wire form.
    public init(_ name: borrowing RawSpan) {
        var position = 0
        while position < name.byteCount, count < 127 {
            let length = name.uint8(at: position)
            if length == 0 { break }
            starts[count] = UInt8(truncatingIfNeeded: position)
            count += 1
            position += Int(length) + 1
        }
    }

    @inline(always)
    public subscript(label: Int) -> Int { Int(starts[label]) }
}
