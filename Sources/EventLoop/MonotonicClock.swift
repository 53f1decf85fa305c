import CSystem

/// The clock that timeouts are measured with: it never jumps (CLOCK_MONOTONIC).
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary moment, which is the same for all threads of the machine.
    public static func nanoseconds() -> UInt64 { csystem_monotonic_nanoseconds() }
}
