/// Damages messages, the same way in every run.
struct Mutator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }

    private static let telling: [UInt8] = [
        0x00, 0x01, 0x0C, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0xC0, 0xFE, 0xFF,
    ]

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// A damaged copy, with one to four changes behind the first `kept` octets.
    mutating func mutate(_ message: [UInt8], keeping kept: Int = 0) -> [UInt8] {
        var bytes = message
        for _ in 0...below(4) {
            guard bytes.count > kept else { return bytes + self.bytes(1) }
            let place = kept + below(bytes.count - kept)
            switch below(12) {
            case 0...2: bytes[place] ^= 1 << UInt8(below(8))
            case 3, 4: bytes[place] = Self.telling[below(Self.telling.count)]
            case 5:
                // A pointer, to anywhere in the message or beyond.
                bytes[place] = 0xC0 | UInt8(below(2))
                if place + 1 < bytes.count { bytes[place + 1] = UInt8(below(256)) }
            case 6: bytes.removeSubrange(place...)
            case 7: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(8)))
            case 8: bytes.insert(contentsOf: self.bytes(1 + below(16)), at: place)
            case 9:
                let end = min(bytes.count, place + 1 + below(40))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 10 where kept < 12 && bytes.count >= 12:
                // One of the four counts.
                bytes[4 + below(8)] = Self.telling[below(Self.telling.count)]
            default: bytes += self.bytes(below(64))
            }
        }
        return bytes
    }
}
