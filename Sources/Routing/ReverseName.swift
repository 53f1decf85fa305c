// Names below in-addr.arpa (RFC 1035 §3.5) and ip6.arpa (RFC 3596 §2.5) as ranges of addresses.
import DNSWire

/// The range of addresses that a reverse name speaks of: one address when complete, a prefix when partial.
struct ReverseName: BitwiseCopyable {
    let isIPv4: Bool
    /// The lowest address.
    let low: UInt128
    /// The highest address.
    let high: UInt128
    /// The labels left of the two of in-addr.arpa or ip6.arpa that were read as octets or nibbles.
    let addressLabels: Int

    /// Whether a name is below in-addr.arpa, or below ip6.arpa; nil when it is below neither.
    @inline(__always)
    static func family(_ name: borrowing RawSpan, _ tail: NameTail) -> Bool? {
        guard tail.labelCount >= 2, name.uint8(at: tail.lastOffset) == 4,
            name.uint32(at: tail.lastOffset &+ 1) == fourOctets("a", "r", "p", "a")
        else { return nil }
        return treeOfARPA(name, at: tail.secondLastOffset)
    }

    /// Reads the labels left of in-addr.arpa or ip6.arpa, which a folded name is known to end with.
    ///
    /// Labels are read from the right for as long as they are plain octets or nibbles. A label with a leading
    /// zero, above 255, or as in RFC 2317 is no part of an address: the name then counts as one below the
    /// prefix to its right.
    @_noAllocation
    init(_ name: borrowing RawSpan, isIPv4: Bool) {
        self.isIPv4 = isIPv4
        let labelStarts = LabelStarts(name)
        let labels = labelStarts.count
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

    /// Whether the label is `in-addr`; nil when it is neither this nor `ip6`.
    private static func treeOfARPA(_ name: borrowing RawSpan, at start: Int) -> Bool? {
        switch name.uint8(at: start) {
        case 7:
            let isIPv4 =
                name.uint32(at: start + 1) == fourOctets("i", "n", "-", "a")
                && name.uint32(at: start + 4) == fourOctets("a", "d", "d", "r")
            return isIPv4 ? true : nil
        // The label's length octet is part of the word.
        case 3: return name.uint32(at: start) == 3 << 24 | fourOctets("\0", "i", "p", "6") ? false : nil
        default: return nil
        }
    }

    @inline(__always)
    private static func fourOctets(
        _ first: Unicode.Scalar,
        _ second: Unicode.Scalar,
        _ third: Unicode.Scalar,
        _ fourth: Unicode.Scalar
    ) -> UInt32 {
        first.value << 24 | second.value << 16 | third.value << 8 | fourth.value
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
struct LabelStarts {
    private var starts = InlineArray<128, UInt8>(repeating: 0)
    private(set) var count = 0

    /// Reads the labels of a name in uncompressed wire form.
    init(_ name: borrowing RawSpan) {
        var position = 0
        while position < name.byteCount, count < 127 {
            let length = name.uint8(at: position)
            if length == 0 { break }
            starts[count] = UInt8(truncatingIfNeeded: position)
            count += 1
            position += Int(length) + 1
        }
    }

    subscript(label: Int) -> Int { Int(starts[label]) }
}
