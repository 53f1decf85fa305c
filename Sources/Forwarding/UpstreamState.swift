import Routing

/// What a worker knows of a server from its own traffic.
struct UpstreamState: BitwiseCopyable {
    /// Smoothed round-trip time and its variation, milliseconds times 8 (RFC 6298 §2); 0 when never measured.
    private var smoothed: UInt64 = 0
    private var variation: UInt64 = 0
    private var failuresInARow = 0
    private var downUntil: UInt64 = 0
    private var plainUntil: UInt64 = 0

    /// How long to wait before the question is sent again, doubled with every send.
    func timeout(sends: Int) -> UInt64 {
        let base =
            smoothed == 0
            ? ForwardingLimits.retransmitInitialMilliseconds : (smoothed + 4 * variation) / 8
        let bounded = max(base, ForwardingLimits.retransmitFloorMilliseconds) << UInt64(min(sends, 4))
        return min(bounded, ForwardingLimits.retransmitCeilingMilliseconds)
    }

    mutating func answered(afterMilliseconds rtt: UInt64) {
        let sample = rtt * 8
        if smoothed == 0 {
            smoothed = max(sample, 1)
            variation = sample / 2
        } else {
            let difference = sample > smoothed ? sample - smoothed : smoothed - sample
            variation = (3 * variation + difference) / 4
            smoothed = max((7 * smoothed + sample) / 8, 1)
        }
        failuresInARow = 0
        downUntil = 0
    }

    mutating func failed(now: UInt64) {
        failuresInARow += 1
        if failuresInARow >= ForwardingLimits.failuresUntilDown {
            downUntil = now + ForwardingLimits.downMilliseconds
        }
    }

    func isDown(now: UInt64) -> Bool { now < downUntil }

    /// Notes a send.
    ///
    /// To a server that was down this is the one trial of the next interval: others stay away.
    mutating func sent(now: UInt64) {
        if failuresInARow >= ForwardingLimits.failuresUntilDown {
            downUntil = now + ForwardingLimits.downMilliseconds
        }
    }

    /// Whether the server is asked without OPT (RFC 6891 §6.2.2).
    func isPlain(now: UInt64) -> Bool { now < plainUntil }

    mutating func rememberPlain(now: UInt64) { plainUntil = now + ForwardingLimits.plainDNSMilliseconds }
    mutating func forgetPlain() { plainUntil = 0 }
}
