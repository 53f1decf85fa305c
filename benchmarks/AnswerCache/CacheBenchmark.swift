import AnswerCache
import DNSWire

/// What the command line asks for.
enum CacheBenchmark {
    /// Runs one measurement and prints what it found.
    static func run(_ arguments: [String]) {
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        switch (arguments.first, numbers.count) {
        case ("lookup", 2): LookupBenchmark.run(names: numbers[0], count: numbers[1])
        case ("insert", 2): InsertBenchmark.run(megabytes: numbers[0], count: numbers[1])
        case ("memory", 1): MemoryBenchmark.run(megabytes: numbers[0])
        case ("threads", 2): ThreadBenchmark.run(threads: numbers[0], count: numbers[1])
        case ("hit-rate", 0): HitRateBenchmark.run()
        default:
            print(
                "usage: lookup NAMES COUNT | insert MIB COUNT | memory MIB | threads THREADS COUNT | hit-rate"
            )
        }
    }
}
