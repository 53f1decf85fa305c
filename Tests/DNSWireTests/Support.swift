import DNSWire
import Testing

/// Makes a name that the test knows to be good.
func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

/// Reads a name from octets at an offset; also says where the name ends.
func readName(_ octets: [UInt8], at start: Int) throws(WireError) -> (name: DomainName, end: Int) {
    var offset = start
    let name = try DomainName(octets.wireBytes, at: &offset)
    return (name, offset)
}

/// A label of `count` octets on the wire.
func label(_ count: Int, _ octet: UInt8 = UInt8(ascii: "a")) -> [UInt8] {
    [UInt8(count)] + Array(repeating: octet, count: count)
}

/// Twelve octets in front of everything.
func header(
    flags: UInt16 = 0x0100,
    _ questions: UInt16 = 1,
    _ answers: UInt16 = 0,
    _ authorities: UInt16 = 0,
    _ additionals: UInt16 = 0
) -> [UInt8] {
    [0x12, 0x34] + [flags, questions, answers, authorities, additionals].flatMap(octets)
}

/// A number in network order.
func octets(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

/// A generator with a fixed seed, so that every run sees the same numbers (SplitMix64).
struct FixedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
