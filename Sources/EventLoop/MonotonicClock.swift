import CSystem

/// The clock that timeouts are measured with: it never jumps (CLOCK_MONOTONIC).
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary moment, which is the same for all threads of the machine.
    public static func nanoseconds() -> UInt64 { csystem_monotonic_nanoseconds() + thirtyDays }

    /// Added to what the system counts from the machine's start, so that what is a few days older has a time, too.
    private static let thirtyDays: UInt64 = 30 * 86_400 * 1_000_000_000
}
