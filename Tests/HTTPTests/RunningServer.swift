import EventLoop
import Glibc
import HTTP
import Synchronization

/// A server on a thread of its own, for clients that block.
final class RunningServer: Sendable {
    let port: UInt16
    private let thread: WorkerThread
    private let stopping: WakeupHandle

    /// Starts to listen on loopback, or at a Unix socket.
    init(
        socketFile: String? = nil,
        limits: HTTPLimits = HTTPLimits(),
        handler: @escaping @Sendable (HTTPExchange, EventLoop) -> Void
    ) throws {
        let shared = SharedStart()
        thread = try WorkerThread.spawn(name: "http") {
            do {
                let loop = try EventLoop()
                let server =
                    if let socketFile {
                        try HTTPServer(loop, socketFile: socketFile, limits: limits) { handler($0, loop) }
                    } else {
                        try HTTPServer(loop, address: "127.0.0.1", port: 0, limits: limits) {
                            handler($0, loop)
                        }
                    }
                let wakeup = try Wakeup(loop) { loop.stop() }
                shared.finish(port: server.port, wakeup.handle, problem: nil)
                loop.run()
                server.close()
            } catch {
                shared.finish(port: 0, nil, problem: "\(error)")
            }
        }
        let result = shared.wait()
        guard let wakeup = result.wakeup else {
            thread.join()
            throw ServerProblem(description: result.problem ?? "no thread")
        }
        port = result.port
        stopping = wakeup
    }

    deinit {
        stopping.wake()
        thread.join()
    }
}

struct ServerProblem: Error, CustomStringConvertible { let description: String }

/// What the thread says once.
private final class SharedStart: Sendable {
    struct Result {
        var port: UInt16
        var wakeup: WakeupHandle?
        var problem: String?
    }

    private let result = Mutex<Result?>(nil)

    func finish(port: UInt16, _ wakeup: WakeupHandle?, problem: String?) {
        result.withLock { $0 = Result(port: port, wakeup: wakeup, problem: problem) }
    }

    func wait() -> Result {
        for _ in 0..<5000 {
            if let result = result.withLock({ $0 }) { return result }
            usleep(2000)
        }
        return Result(port: 0, wakeup: nil, problem: "the thread did not start")
    }
}
