import CSystem

/// Calls its body on the loop's thread after another thread asked for it.
///
/// Several requests may lead to one call. Used on the loop's thread only; the handle goes to the others.
public final class Wakeup {
    /// What other threads call.
    public let handle: WakeupHandle
    private let watcher: Watcher

    public init(_ loop: EventLoop, _ body: @escaping () -> Void) throws(SystemError) {
        let handle = try WakeupHandle()
        self.handle = handle
        watcher = try Watcher(loop, fd: handle.fd, .read) {
            handle.drain()
            body()
        }
    }
}

/// Wakes the loop of a `Wakeup`, from any thread.
public final class WakeupHandle: Sendable {
    let fd: CInt

    init() throws(SystemError) {
        fd = try SystemError.check("eventfd", csystem_eventfd())
    }

    deinit { csystem_close(fd) }

    /// Asks for a call of the body.
    ///
    /// Safe after the loop is gone: then nothing happens.
    public func wake() {
        // Fails only when 2^64 - 2 requests wait, and then the loop is awake.
        _ = csystem_eventfd_add(fd)
    }

    func drain() { _ = csystem_eventfd_drain(fd) }
}
