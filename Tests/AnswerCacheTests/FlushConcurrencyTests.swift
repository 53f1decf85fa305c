import AnswerCache
import DNSWire
import Synchronization
import Testing

/// Flushes beside readers and writers: what was flushed is not found again, and nothing is torn.
@Suite struct FlushConcurrencyTests {
    // Both end by themselves: there may be fewer threads than tasks.
    private static let rounds = 60
    private static let operations = 40_000

    /// What all threads share.
    private final class Rounds: Sendable {
        /// The round that answers are asked for in.
        let current = Atomic<UInt64>(1)
        /// The round whose answers are the oldest that may still be found.
        let oldest = Atomic<UInt64>(1)
        let wrong = Atomic(0)
        let hits = Atomic(0)
    }

    // An answer says in which round it was asked for. After each round comes a flush: when it has returned, no answer of
    // the round is found any more, although threads that asked in it go on to store theirs.
    @Test func noAnswerOfBeforeAFlushIsFoundAfterIt() async throws {
        // The smallest cache, full of the smallest answers, so that slots move all the time.
        let cache = AnswerCache(sizeBytes: 1 << 20, seed: 3)
        let rounds = Rounds()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 1...UInt64(Self.rounds) {
                    let selection =
                        round % 2 == 0
                        ? FlushSelection() : FlushSelection(name: DomainName(), includesSubtree: true)
                    rounds.current.store(round + 1, ordering: .sequentiallyConsistent)
                    _ = cache.flush(selection)
                    rounds.oldest.store(round + 1, ordering: .sequentiallyConsistent)
                }
            }
            for thread in 0..<3 { group.addTask { try Self.use(cache, rounds, thread: UInt64(thread)) } }
            try await group.waitForAll()
        }
        #expect(rounds.wrong.load(ordering: .relaxed) == 0)
        #expect(rounds.hits.load(ordering: .relaxed) > 100)
        let left = cache.statistics.entries
        #expect(cache.flush(FlushSelection()) == left)
        #expect(cache.statistics.liveBytes == 0)
    }

    private static func use(_ cache: AnswerCache, _ rounds: Rounds, thread: UInt64) throws {
        var random = SeededGenerator(seed: thread)
        var buffer = WireBuffer(capacity: 64)
        let none: [UInt16] = []
        for _ in 0..<operations {
            let i = Int.random(in: 0..<16_000, using: &random)
            let key = try cache.key("\(i)")
            let oldest = rounds.oldest.load(ordering: .sequentiallyConsistent)
            // As a question does: first since when it is asked, then what it is asked for.
            let flushCount = cache.flushCount
            let round = rounds.current.load(ordering: .sequentiallyConsistent)
            if let found = cache.find(key, in: &buffer) {
                rounds.hits.add(1, ordering: .relaxed)
                let stored = (0..<8).reduce(UInt64(0)) { $0 | UInt64(found.body[$1]) << UInt64($1 * 8) }
                let isWhole = found.body[8..<16].allSatisfy { $0 == UInt8(truncatingIfNeeded: i) }
                if stored < oldest || !isWhole { rounds.wrong.add(1, ordering: .relaxed) }
                continue
            }
            var body = (0..<8).map { UInt8(truncatingIfNeeded: round >> ($0 * 8)) }
            body += [UInt8](repeating: UInt8(truncatingIfNeeded: i), count: 8)
            let answer = CachedAnswer(
                responseCode: .noError,
                answerCount: 1,
                answerLength: 16,
                authorityEnd: 16,
                length: 16,
                lifetimeSeconds: 60
            )
            cache.insert(
                key,
                answer,
                body: body.wireBytes,
                ttlOffsets: none.span,
                since: flushCount,
                now: 0
            )
        }
    }
}
