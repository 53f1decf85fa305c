import CLibevent

/// Calls its body once at the end of the loop's current round, before the loop waits again.
///
/// It collects what the events of one round produce, so that it is written with one call. Costs no system call.
/// Used on the loop's thread only.
public final class Deferred {
    private let event: Event

    /// Makes one that is not scheduled.
    public init(_ loop: EventLoop, _ body: @escaping () -> Void) throws(SystemError) {
        event = try Event(loop, -1, flags: 0, body)
    }

    /// Asks for the call; asking again before it came changes nothing.
    public func schedule() { event.activate() }
}
