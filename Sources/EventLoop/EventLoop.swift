import CLibevent

/// Waits for sockets, timers and signals, and calls what was registered for them.
///
/// One per thread. The loop and everything registered with it are used on that thread only, the initializer
/// included or before the thread that runs it starts to use it; `WakeupHandle` is the only way in from outside.
@safe
public final class EventLoop {
    // SAFETY: made in init, freed in deinit. Every Event and every TLSChannel keeps its loop alive, so nothing
    // outlives the base.
    /// libevent's own object, for what else is made with it: `TLSChannel`.
    public let base: OpaquePointer

    /// Makes a loop; fails when the system gives no epoll descriptor.
    public init() throws(SystemError) {
        guard let configuration = unsafe event_config_new() else {
            throw SystemError(call: "event_config_new", errno: 12)
        }
        defer { unsafe event_config_free(configuration) }
        // One thread uses the base, so its lock would cost and protect nothing.
        _ = unsafe event_config_set_flag(configuration, CInt(EVENT_BASE_FLAG_NOLOCK.rawValue))
        guard let base = unsafe event_base_new_with_config(configuration) else {
            throw SystemError(call: "epoll_create", errno: 24)
        }
        unsafe self.base = base
    }

    deinit { unsafe event_base_free(base) }

    /// Serves events until `stop()`, also while nothing is registered.
    public func run() { _ = unsafe event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY) }

    /// Makes `run()` return after the current round; called before it, `run()` does one round.
    public func stop() { _ = unsafe event_base_loopexit(base, nil) }
}
