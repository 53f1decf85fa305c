// Numbers and octets in the order of the file: least significant first.

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(number: Number) {
        for place in 0..<(Number.bitWidth / 8) { append(UInt8(truncatingIfNeeded: number >> (place * 8))) }
    }
}

/// Reads numbers and octets one behind the other; each read beyond the end gives nil.
struct OctetReader {
    private var octets: ArraySlice<UInt8>

    init(_ octets: ArraySlice<UInt8>) { self.octets = octets }

    var isAtEnd: Bool { octets.isEmpty }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        guard let taken = take(Number.bitWidth / 8) else { return nil }
        return taken.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= octets.count else { return nil }
        defer { octets = octets.dropFirst(count) }
        return octets.prefix(count)
    }
}
