import CLibevent

/// One libevent event: what Timer, Watcher, SignalWatcher and Deferred have in common.
///
/// Belongs to the thread of its loop. The body may release the object that owns this event.
@safe
final class Event {
    // SAFETY: made in init, freed in deinit only. libevent calls back on the loop's thread only, and never after
    // event_free; the loop is kept alive by `loop`.
    private let event: UnsafeMutablePointer<event>
    private let loop: EventLoop
    private let body: () -> Void

    /// Makes an event that is not armed.
    ///
    /// `descriptor` is a file, a signal or -1, by `flags` (EV_READ, EV_SIGNAL).
    init(_ loop: EventLoop, _ descriptor: CInt, flags: CInt, _ body: @escaping () -> Void) throws(SystemError)
    {
        self.loop = loop
        self.body = body
        // The callback's context is self, which may be named only when all properties are set: so the event is made
        // empty first and assigned then.
        guard let event = unsafe event_new(loop.base, -1, 0, { _, _, _ in }, nil) else {
            throw SystemError(call: "event_new", errno: Event.outOfMemory)
        }
        unsafe self.event = event
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let result = unsafe event_assign(event, loop.base, descriptor, Int16(flags), eventFired, context)
        if result != 0 { throw SystemError(call: "event_assign", errno: Event.invalidArgument) }
    }

    deinit { unsafe event_free(event) }

    /// Waits for the event, without a time limit.
    func arm() throws(SystemError) {
        if unsafe event_add(event, nil) != 0 {
            throw SystemError(call: "event_add", errno: Event.outOfMemory)
        }
    }

    /// Waits for the event, but not longer than `milliseconds`; replaces an earlier limit.
    func arm(milliseconds: Int) {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        // Fails only when the heap of timers cannot grow; a server without memory has no better way than to go on.
        _ = unsafe event_add(event, &limit)
    }

    /// Stops waiting.
    func disarm() { _ = unsafe event_del(event) }

    /// Lets the body run in the current round, after all that is ready now.
    func activate() { unsafe event_active(event, EV_TIMEOUT, 0) }

    /// Says whether any of `flags` is being waited for or is about to be reported.
    func isPending(_ flags: CInt) -> Bool { unsafe event_pending(event, Int16(flags), nil) != 0 }

    fileprivate func fire() { body() }

    private static let outOfMemory: CInt = 12
    private static let invalidArgument: CInt = 22
}

// A free function, so that it belongs to no actor whatever code registers the event.
private func eventFired(_ descriptor: CInt, _ flags: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<Event>.fromOpaque(context).takeUnretainedValue().fire()
}
