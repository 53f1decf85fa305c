import EventLoop
import Forwarding

/// A worker's thread, as the control thread sees it.
final class RunningWorker: Sendable {
    private let thread: WorkerThread
    private let link: WorkerLink

    /// Starts the thread and waits until its sockets are bound.
    init(
        _ number: Int,
        _ configuration: WorkerConfiguration,
        _ snapshot: ForwardingSnapshot,
        ended: WakeupHandle?
    ) throws(ServerError) {
        let link = WorkerLink(snapshot, ended: ended)
        self.link = link
        do throws(SystemError) {
            thread = try WorkerThread.spawn(name: "worker-\(number)") { link.run(configuration) }
        } catch {
            throw .system(error)
        }
        if let error = link.waitUntilStarted() {
            thread.join()
            throw error
        }
    }

    var hasEnded: Bool { link.hasEnded }

    /// Lets the worker use other routes and settings from its next query on.
    func replace(snapshot: ForwardingSnapshot) { link.replace(snapshot: snapshot) }

    /// Asks the worker to finish what is in flight and to end.
    func drain() { link.drain() }

    /// Waits for the end of the thread.
    func join() { thread.join() }
}
