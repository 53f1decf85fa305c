import CSystem
import Synchronization

/// A thread of its own for one event loop.
public final class WorkerThread: Sendable {
    /// Octets of the stack: many times what the deepest call of a worker needs; only touched pages cost memory.
    static let stackSize = 2 << 20

    private let thread: UInt64
    private let isJoined = Atomic<Bool>(false)

    private init(thread: UInt64) { self.thread = thread }

    /// Starts a thread that calls `body` once.
    ///
    /// The name shows in `top -H`; Linux keeps 15 octets of it. With `cpu` the thread stays on that processor when
    /// the system permits it. The thread blocks all signals but those of faults.
    public static func spawn(
        name: String,
        cpu: Int? = nil,
        body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> WorkerThread {
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, cpu: cpu, body: body))
        var thread: UInt64 = 0
        let result = unsafe csystem_thread_start(&thread, stackSize, runThread, start.toOpaque())
        if result < 0 {
            unsafe start.release()
            throw SystemError(call: "pthread_create", errno: -result)
        }
        return WorkerThread(thread: thread)
    }

    /// Waits until the body returned.
    ///
    /// Called at most once, from another thread.
    public func join() {
        let wasJoined = isJoined.exchange(true, ordering: .relaxed)
        precondition(!wasJoined, "a thread is joined once")
        _ = csystem_thread_join(thread)
    }
}

/// What a new thread needs to know.
private final class ThreadStart: Sendable {
    let name: String
    let cpu: Int?
    let body: @Sendable () -> Void

    init(name: String, cpu: Int?, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.cpu = cpu
        self.body = body
    }
}

// A free function, so that it belongs to no actor whatever code calls `spawn`.
private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    unsafe csystem_thread_set_name(start.name)
    if let cpu = start.cpu { _ = csystem_thread_pin(CInt(cpu)) }
    csystem_thread_pause_exactly()
    start.body()
    return nil
}
