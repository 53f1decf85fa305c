import Foundation
import Synchronization

/// Starts all child processes, on one thread that lives as long as the tests.
///
/// The kernel sends a child's parent-death signal when the *thread* that started it ends, and threads of a pool
/// end when they are idle.
final class Spawner: Sendable {
    static let shared = Spawner()

    private struct Job: Sendable {
        let work: @Sendable () -> Void
        let isDone = DispatchSemaphore(value: 0)
    }

    private let jobs = Mutex<[Job]>([])
    private let wakeup = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                wakeup.wait()
                guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
                job.work()
                job.isDone.signal()
            }
        }
        thread.name = "spawner"
        thread.start()
    }

    /// Runs `work` on the spawning thread and waits for it.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let job = JobResult(result: result)
        let entry = Job { job.result.withLock { $0 = Result { try work() } } }
        jobs.withLock { $0.append(entry) }
        wakeup.signal()
        entry.isDone.wait()
        guard let outcome = job.result.withLock({ $0 }) else { throw HarnessError("the spawner did not run") }
        return try outcome.get()
    }

    private final class JobResult<Value: Sendable>: Sendable {
        let result: Mutex<Result<Value, any Error>?>
        init(result: consuming sending Mutex<Result<Value, any Error>?>) { self.result = result }
    }
}

/// What went wrong in the tests' own machinery.
struct HarnessError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
