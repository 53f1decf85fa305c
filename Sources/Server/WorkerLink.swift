import EventLoop
import Forwarding
import Glibc
import Synchronization

/// What the control thread and a worker's thread share.
final class WorkerLink: Sendable {
    private enum State {
        case starting
        case failed(ServerError)
        case running(WakeupHandle)
        case ended
    }

    /// What the worker has to do when it wakes.
    private struct Orders {
        /// The newest snapshot; one that came before and was not taken is of no use any more.
        var snapshot: ForwardingSnapshot?
        var isDraining = false
    }

    private let state = Mutex(State.starting)
    private let orders = Mutex(Orders())
    private let ended: WakeupHandle?

    /// - Parameter snapshot: what the worker begins with.
    init(_ snapshot: ForwardingSnapshot, ended: WakeupHandle?) {
        self.ended = ended
        orders.withLock { $0.snapshot = snapshot }
    }

    // MARK: - Worker's thread

    /// The body of the worker's thread.
    func run(_ configuration: WorkerConfiguration) {
        do throws(ServerError) {
            let worker = try makeWorker(configuration)
            let wakeup: Wakeup
            do throws(SystemError) {
                wakeup = try Wakeup(worker.loop) { [unowned self, unowned worker] in obey(worker) }
            } catch {
                throw .system(error)
            }
            state.withLock { $0 = .running(wakeup.handle) }
            worker.run()
            withExtendedLifetime(wakeup) {}
            state.withLock { $0 = .ended }
        } catch {
            state.withLock { $0 = .failed(error) }
        }
        ended?.wake()
    }

    // On its own, so that nothing keeps the first snapshot when the worker has another.
    private func makeWorker(_ configuration: WorkerConfiguration) throws(ServerError) -> Worker {
        guard let snapshot = takeOrders().snapshot else {
            preconditionFailure("a link begins with a snapshot")
        }
        return try Worker(configuration, snapshot)
    }

    private func takeOrders() -> Orders {
        orders.withLock { orders in
            defer { orders.snapshot = nil }
            return orders
        }
    }

    private func obey(_ worker: Worker) {
        let orders = takeOrders()
        if let snapshot = orders.snapshot { worker.replace(snapshot: snapshot) }
        if orders.isDraining { worker.drain() }
    }

    // MARK: - Control thread

    /// Waits for the worker's sockets; returns what went wrong.
    func waitUntilStarted() -> ServerError? {
        while true {
            switch state.withLock({ $0 }) {
            case .starting: usleep(200)
            case .failed(let error): return error
            case .running, .ended: return nil
            }
        }
    }

    var hasEnded: Bool {
        switch state.withLock({ $0 }) {
        case .starting, .running: false
        case .failed, .ended: true
        }
    }

    /// Gives the worker a snapshot, which it takes between two queries.
    func replace(snapshot: ForwardingSnapshot) { order { $0.snapshot = snapshot } }

    /// Asks the worker to finish what is in flight and to end.
    func drain() { order { $0.isDraining = true } }

    private func order(_ change: (inout Orders) -> Void) {
        orders.withLock { change(&$0) }
        if case .running(let handle) = state.withLock({ $0 }) { handle.wake() }
    }
}
