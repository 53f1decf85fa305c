import AnswerCache
import CacheTraces
import DNSWire
import EventLoop
import Synchronization

/// What a look-up costs while other threads look up, too.
enum ThreadBenchmark {
    /// What the threads of one measurement share.
    private final class Shared: Sendable {
        let started = Atomic<Int>(0)
        let slowest = Mutex(Duration.zero)
    }

    /// Prints the time of one of `count` look-ups, for one name and for 1,000, with one thread per core and more cores
    /// each time.
    static func run(threads: Int, count: Int) {
        let cache = AnswerCache(sizeBytes: 64 << 20, seed: 1)
        var samples = SampleNames()
        for i in 0..<1000 { samples.insert(i, cache, now: 0) }
        for names in [1, 1000] {
            _ = time(1, names, 100_000, cache)
            for running in 1...max(threads, 1) {
                let slowest = time(running, names, count, cache)
                let perCall = LookupBenchmark.perCall(slowest, count)
                print("names \(names), threads \(running): key and look-up \(perCall) ns")
            }
        }
    }

    /// The time of the slowest thread; all begin at the same moment.
    private static func time(_ threads: Int, _ names: Int, _ count: Int, _ cache: AnswerCache) -> Duration {
        let shared = Shared()
        let running = (0..<threads).compactMap { cpu in
            try? WorkerThread.spawn(name: "look-up", cpu: cpu) {
                shared.started.add(1, ordering: .relaxed)
                while shared.started.load(ordering: .relaxed) < threads {}
                let time = ContinuousClock().measure { lookUps(names, count, cache) }
                shared.slowest.withLock { $0 = max($0, time) }
            }
        }
        for thread in running { thread.join() }
        return shared.slowest.withLock { $0 }
    }

    private static func lookUps(_ names: Int, _ count: Int, _ cache: AnswerCache) {
        var samples = SampleNames()
        var reply = WireBuffer(capacity: 512)
        var hits = 0
        for i in 0..<count { hits += LookupBenchmark.lookUp(i % names, cache, &samples, &reply) > 0 ? 1 : 0 }
        precondition(hits == count)
    }
}
