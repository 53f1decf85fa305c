import AnswerCache
import DNSWire

/// The share of a trace's questions that three caches of equal size answer.
public struct HitRates: Sendable {
    public var switchyard = 0.0
    public var lru = 0.0
    public var fifo = 0.0
    /// Entries that each of the caches holds.
    public var capacity = 0

    /// Replays a trace against an `AnswerCache` of `sizeBytes`, and against LRU and FIFO with as many entries as that
    /// holds of these answers.
    public init(_ trace: Trace, sizeBytes: Int) {
        var samples = SampleNames()
        capacity = Self.capacity(sizeBytes, &samples)
        let cache = AnswerCache(sizeBytes: sizeBytes, seed: 1)
        var leastRecent = ListCache(capacity: capacity, isLRU: true)
        var firstIn = ListCache(capacity: capacity, isLRU: false)
        var reply = WireBuffer(capacity: 64)
        var hits = (switchyard: 0, lru: 0, fifo: 0)
        for name in trace.questions {
            if Self.ask(Int(name), cache, &samples, &reply) { hits.switchyard += 1 }
            if leastRecent.ask(name) { hits.lru += 1 }
            if firstIn.ask(name) { hits.fifo += 1 }
        }
        let count = Double(trace.questions.count)
        switchyard = Double(hits.switchyard) / count
        lru = Double(hits.lru) / count
        fifo = Double(hits.fifo) / count
    }

    private static func ask(
        _ name: Int,
        _ cache: AnswerCache,
        _ samples: inout SampleNames,
        _ reply: inout WireBuffer
    ) -> Bool {
        let key = samples.key(name, cache)
        var bytes = reply.mutableBytes
        let hit = cache.lookup(key, now: 0, available: 64, rotation: 0, into: &bytes, at: 0)
        if hit == nil { samples.insert(name, cache, now: 0) }
        return hit != nil
    }

    /// The answers that a cache of this size holds: twice as many as fit are offered.
    private static func capacity(_ sizeBytes: Int, _ samples: inout SampleNames) -> Int {
        let cache = AnswerCache(sizeBytes: sizeBytes, seed: 1)
        for i in 0..<(sizeBytes / 50) { samples.insert(i, cache, now: 0) }
        return cache.statistics.entries
    }
}
