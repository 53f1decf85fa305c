/// A part of the file: length (4 octets), checksum (8 octets), then the octets, of which the first says the kind.
///
/// Each checksum goes on from the one before, so that blocks that are missing or in another order show, too.
enum BlockKind: UInt8 {
    /// The wall clock, in milliseconds.
    case start = 1
    /// Cache tags, and what their routes are.
    case routes
    case answers
    /// How many answers there are.
    case end
}

enum BlockFormat {
    /// What the file begins with; the last four octets are the version.
    static let magic: [UInt8] = Array("swycache".utf8) + [1, 0, 0, 0]
    static let headLength = 12
    /// Octets above which a block is ended: what is in memory of the file at a time.
    static let fullLength = 256 << 10
    /// Octets of a block at most: full but for one octet, and then an answer of the largest size.
    static let lengthMax = fullLength + (128 << 10)

    /// A checksum against accidents; whoever may write the file may also write a right one.
    static func checksum(_ octets: [UInt8], after before: UInt64) -> UInt64 {
        var sum = before ^ UInt64(octets.count)
        var word: UInt64 = 0
        for (place, octet) in octets.enumerated() {
            word |= UInt64(octet) << UInt64(place % 8 * 8)
            if place % 8 == 7 || place == octets.count - 1 {
                let product = (sum ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
                sum = product.high ^ product.low ^ UInt64(place + 1)
                word = 0
            }
        }
        return sum
    }
}

/// Writes blocks one behind the other.
struct BlockWriter: ~Copyable {
    private let file: ReplacementFile
    private var sum: UInt64 = 0

    init(_ file: consuming ReplacementFile) throws(CacheFileError) {
        try file.write(BlockFormat.magic)
        self.file = file
    }

    mutating func write(_ kind: BlockKind, _ content: [UInt8]) throws(CacheFileError) {
        let octets = [kind.rawValue] + content
        precondition(octets.count <= BlockFormat.lengthMax)
        sum = BlockFormat.checksum(octets, after: sum)
        var head: [UInt8] = []
        head.append(number: UInt32(octets.count))
        head.append(number: sum)
        try file.write(head)
        try file.write(octets)
    }

    consuming func finish() throws(CacheFileError) { try file.finish() }
}

/// Reads blocks one behind the other.
struct BlockReader: ~Copyable {
    private let file: TrustedFile
    private var sum: UInt64 = 0

    init(_ file: consuming TrustedFile) throws(CacheFileError) {
        self.file = file
        try begin()
    }

    /// Begins with the first block again.
    mutating func begin() throws(CacheFileError) {
        file.rewind()
        sum = 0
        let magic = try file.read(BlockFormat.magic.count)
        guard magic != BlockFormat.magic else { return }
        throw magic.starts(with: BlockFormat.magic.prefix(8)) && magic.count == BlockFormat.magic.count
            ? .otherVersion : .damaged
    }

    /// The next block.
    mutating func next() throws(CacheFileError) -> (kind: BlockKind, content: OctetReader) {
        var head = OctetReader(try file.read(BlockFormat.headLength)[...])
        guard let length = head.number(UInt32.self), let expected = head.number(UInt64.self),
            length >= 1, length <= BlockFormat.lengthMax
        else { throw .damaged }
        let octets = try file.read(Int(length))
        sum = BlockFormat.checksum(octets, after: sum)
        guard octets.count == Int(length), sum == expected, let kind = BlockKind(rawValue: octets[0]) else {
            throw .damaged
        }
        return (kind, OctetReader(octets.dropFirst()))
    }

    /// Whether nothing follows.
    func isAtEnd() throws(CacheFileError) -> Bool { try file.read(1).isEmpty }
}
