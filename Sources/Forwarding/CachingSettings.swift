import AnswerCache

/// What is done with answers near and past their end (RFC 8767).
public struct CachingSettings: Sendable, BitwiseCopyable {
    /// Seconds past its end for which an answer may be given when there is no better; 0 means never.
    public var staleSeconds: UInt32
    /// Milliseconds that a client waits for a better one.
    public var staleAfterMilliseconds: UInt64
    /// Whether popular answers are asked for anew before they expire.
    public var prefetch: Bool

    public init(staleSeconds: UInt32 = 3600, staleAfterMilliseconds: UInt64 = 500, prefetch: Bool = true) {
        self.staleSeconds = staleSeconds
        self.staleAfterMilliseconds = staleAfterMilliseconds
        self.prefetch = prefetch
    }

    var staleLimits: StaleLimits {
        StaleLimits(ageSeconds: staleSeconds, ttlSeconds: ForwardingLimits.staleTTLSeconds)
    }
}
