/// A message of which not all octets have come, with its length prefix.
///
/// Grows with what came, not with what the prefix promises: a peer must send what it wants us to hold.
struct PartialMessage {
    private var octets: [UInt8] = []

    var isEmpty: Bool { octets.isEmpty }

    /// Says whether the prefix and all octets that it announces are there.
    var isComplete: Bool { octets.count >= 2 && octets.count == neededCount }

    /// Takes octets of `input` from `offset` until complete; returns how many it took.
    mutating func append(_ input: RawSpan, from offset: Int) -> Int {
        var next = offset
        while next < input.byteCount && !isComplete {
            let count = min(neededCount - octets.count, input.byteCount - next)
            reserve(octets.count + count)
            let part = input.extracting(next..<next + count)
            unsafe part.withUnsafeBytes { unsafe octets.append(contentsOf: $0) }
            next += count
        }
        return next - offset
    }

    /// Hands out the octets, prefix included, and holds nothing any more.
    mutating func take() -> [UInt8] {
        let taken = octets
        octets = []
        return taken
    }

    /// Octets of prefix and message, as far as known.
    private var neededCount: Int {
        octets.count < 2 ? 2 : 2 + (Int(octets[0]) << 8 | Int(octets[1]))
    }

    private mutating func reserve(_ count: Int) {
        if count > octets.capacity {
            octets.reserveCapacity(min(neededCount, max(count, 2 * octets.capacity)))
        }
    }
}
