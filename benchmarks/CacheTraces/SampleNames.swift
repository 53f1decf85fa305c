public import AnswerCache
import DNSWire

/// Numbered names of 30 octets, all of the same cluster, and an answer with one address for each.
public struct SampleNames: ~Copyable {
    /// Octets of the body of an answer with one A record, whose owner is a pointer.
    public static let bodyLength = 16
    /// Where the TTL stands in that body.
    public static let ttlOffset: UInt16 = 6

    private var name: WireBuffer
    private var answer = WireBuffer(capacity: SampleNames.bodyLength)
    private let length: Int

    /// Prepares a name in wire form whose first label is a number of eight hexadecimal digits.
    public init() {
        let labels: [[UInt8]] =
            [Array("00000000".utf8)] + ["shop", "svc", "k8s", "corp"].map { Array($0.utf8) }
        let octets: [UInt8] = labels.flatMap { label -> [UInt8] in [UInt8(label.count)] + label } + [0]
        length = octets.count
        name = WireBuffer(capacity: length)
        var bytes = name.mutableBytes
        bytes.copy(octets.wireBytes, at: 0)
        let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1]
        var body = answer.mutableBytes
        body.copy(record.wireBytes, at: 0)
    }

    /// The key of the name with this number, as a query for its A records has it.
    @inline(never)
    public mutating func key(_ number: Int, _ cache: AnswerCache) -> CacheKey {
        let length = length
        var bytes = name.mutableBytes
        for i in 0..<8 {
            let digit = UInt8(truncatingIfNeeded: number >> (i * 4)) & 15
            bytes.store(digit < 10 ? digit + 48 : digit + 87, at: 8 - i)
        }
        var key = CacheKey(name: bytes.readable, at: 0, length: length)
        key.finish(tag: 1, qtype: .a, dnssecOK: false, checkingDisabled: false, seed: cache.seed)
        return key
    }

    /// Stores the answer of the name with this number.
    public mutating func insert(_ number: Int, _ cache: AnswerCache, now: UInt64) {
        let key = key(number, cache)
        let answer = CachedAnswer(
            responseCode: .noError,
            isAuthoritative: true,
            answerCount: 1,
            answerLength: Self.bodyLength,
            authorityEnd: Self.bodyLength,
            length: Self.bodyLength,
            lifetimeSeconds: 300
        )
        let offsets: InlineArray<1, UInt16> = [Self.ttlOffset]
        cache.insert(key, answer, body: self.answer.bytes, ttlOffsets: offsets.span, now: now)
    }
}
