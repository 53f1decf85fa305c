import CLibevent

/// Calls its body on the loop's thread each time that the process receives a signal.
///
/// Only one loop of a process may watch signals; its own default action no longer happens.
public final class SignalWatcher {
    private let event: Event

    /// Watches `signal` until released.
    public init(_ loop: EventLoop, signal: CInt, _ body: @escaping () -> Void) throws(SystemError) {
        event = try Event(loop, signal, flags: EV_SIGNAL | EV_PERSIST, body)
        try event.arm()
    }
}
