import CLibevent

/// Calls its body each time that a file descriptor can be read or written, until disabled or released.
///
/// Does not own the descriptor, which must stay open until the watcher is disabled or released. Readiness is a
/// level: what was not read is reported again. Used on the loop's thread only.
public final class Watcher {
    /// What a watcher waits for.
    public enum Interest: Sendable {
        case read
        case write
    }

    private let event: Event

    /// Makes a watcher, which is enabled.
    public init(
        _ loop: EventLoop,
        fd: CInt,
        _ interest: Interest,
        _ body: @escaping () -> Void
    ) throws(SystemError) {
        event = try Event(loop, fd, flags: (interest == .read ? EV_READ : EV_WRITE) | EV_PERSIST, body)
        try event.arm()
        isEnabled = true
    }

    // The event may live on until its body returns; by then the number may be another descriptor's, which the kernel
    // would not be told of.
    deinit { event.disarm() }

    /// Says whether the body will be called.
    public private(set) var isEnabled: Bool

    /// Watches again.
    public func enable() throws(SystemError) {
        if isEnabled { return }
        try event.arm()
        isEnabled = true
    }

    /// Stops to watch; the body is not called any more, not even for what was ready in this round.
    public func disable() {
        if !isEnabled { return }
        event.disarm()
        isEnabled = false
    }
}
