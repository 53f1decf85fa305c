import AnswerCache
import CacheFile
import EventLoop
import FoundationEssentials
import Logging
import Synchronization

/// Keeps the cache in a file: reads it at the start, writes it every few minutes and at the end.
///
/// Control thread; the work itself is done by a thread of its own.
final class CacheKeeper {
    /// Between two times that the file is written: what is lost at most when the machine stops at once.
    private static let intervalMilliseconds = 300_000

    private let cache: AnswerCache
    private let path: String
    private let logger: Logger
    private let retentionMilliseconds: () -> UInt64
    /// What each route is, by its cache tag.
    private let routes: () -> [UInt32: String]
    private var timer: Timer?
    private var finished: Wakeup?
    private var work: (thread: WorkerThread, outcome: Outcome)?
    /// What the last writing failed of, said already.
    private var lastProblem: CacheFileError?

    /// What a thread reports.
    private final class Outcome: Sendable {
        let isReading: Bool
        let result = Mutex<Result<CacheFile.Summary, CacheFileError>?>(nil)

        init(isReading: Bool) { self.isReading = isReading }
    }

    init(
        _ cache: AnswerCache,
        path: String,
        _ loop: EventLoop,
        logger: Logger,
        retentionMilliseconds: @escaping () -> UInt64,
        routes: @escaping () -> [UInt32: String]
    ) throws(SystemError) {
        self.cache = cache
        self.path = path
        self.logger = logger
        self.retentionMilliseconds = retentionMilliseconds
        self.routes = routes
        timer = try Timer(loop) { [unowned self] in save() }
        finished = try Wakeup(loop) { [unowned self] in report() }
    }

    /// Begins to read the file; queries are answered meanwhile.
    func start() {
        let tags = Dictionary(routes().map { ($1, $0) }) { first, _ in first }
        run(isReading: true) {
            [cache, path, retention = retentionMilliseconds(), moment = Self.now()]
            () throws(CacheFileError) -> CacheFile.Summary in
            try CacheFile.read(path, into: cache, routes: tags, retentionMilliseconds: retention, at: moment)
        }
    }

    /// Begins to write the file, unless its thread is at work.
    func save() {
        guard work == nil else { return }
        run(isReading: false) {
            [cache, path, routes = routes(), moment = Self.now()]
            () throws(CacheFileError) -> CacheFile.Summary in
            try CacheFile.write(cache, to: path, routes: routes, at: moment)
        }
    }

    /// Writes the file a last time, and waits for that.
    func finish() {
        timer = nil
        // An answer that is still being read would be missing in what is written.
        report(waits: true)
        save()
        report(waits: true)
    }

    private func run(
        isReading: Bool,
        _ body: @escaping @Sendable () throws(CacheFileError) -> CacheFile.Summary
    ) {
        let outcome = Outcome(isReading: isReading)
        let handle = finished?.handle
        do throws(SystemError) {
            let thread = try WorkerThread.spawn(name: "cache-file") {
                let result = Result<CacheFile.Summary, CacheFileError> {
                    () throws(CacheFileError) -> CacheFile.Summary in
                    try body()
                }
                outcome.result.withLock { $0 = result }
                handle?.wake()
            }
            work = (thread, outcome)
        } catch {
            logger.warning("the cache file \(path) is left alone: \(error)")
            timer?.schedule(afterMilliseconds: Self.intervalMilliseconds)
        }
    }

    /// Says what the thread has done, once it has.
    private func report(waits: Bool = false) {
        guard let (thread, outcome) = work else { return }
        if !waits, outcome.result.withLock({ $0 == nil }) { return }
        thread.join()
        work = nil
        timer?.schedule(afterMilliseconds: Self.intervalMilliseconds)
        guard let result = outcome.result.withLock({ $0 }) else { return }
        outcome.isReading ? reportReading(result) : reportWriting(result)
    }

    private func reportReading(_ result: Result<CacheFile.Summary, CacheFileError>) {
        switch result {
        case .success(let summary):
            logger.info(
                "cache file read",
                metadata: ["answers": "\(summary.answers)", "dropped": "\(summary.dropped)"]
            )
        case .failure(.missing): logger.info("there is no cache file yet", metadata: ["path": "\(path)"])
        case .failure(let error):
            logger.warning("the cache file \(path) is ignored and will be written anew, because \(error)")
        }
    }

    private func reportWriting(_ result: Result<CacheFile.Summary, CacheFileError>) {
        switch result {
        case .success(let summary):
            lastProblem = nil
            logger.debug("cache file written", metadata: ["answers": "\(summary.answers)"])
        case .failure(let error):
            if error != lastProblem {
                logger.warning("the cache file \(path) cannot be written, and stays as it was: \(error)")
            }
            lastProblem = error
        }
    }

    private static func now() -> CacheFile.Moment {
        CacheFile.Moment(
            cacheTime: MonotonicClock.nanoseconds() / 1_000_000,
            wallTime: UInt64(max(Date.now.timeIntervalSince1970, 0) * 1000)
        )
    }
}
