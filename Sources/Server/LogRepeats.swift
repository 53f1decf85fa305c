import Synchronization

/// Keeps a line that repeats from flooding the log: it is written a few times, then counted.
final class LogRepeats: Sendable {
    private struct Burst {
        var endsAt: UInt64
        var count = 1
    }

    private let bursts = Mutex<[LogLine: Burst]>([:])

    /// Nanoseconds of a burst, from its first line on.
    static let burst: UInt64 = 10_000_000_000
    /// How often the same line is written in a burst.
    static let most = 20
    /// Different lines that are counted at once; further ones are written.
    static let linesMax = 256

    /// What is to be written now: the numbers of what was left out of bursts that are over, then the line unless it
    /// repeats too often.
    func lines(for line: LogLine, now: UInt64) -> [LogLine] {
        bursts.withLock { bursts in
            var lines = Self.removeEnded(from: &bursts, now)
            if bursts[line] != nil {
                bursts[line]?.count += 1
            } else if bursts.count < Self.linesMax {
                bursts[line] = Burst(endsAt: now + Self.burst)
            }
            if bursts[line].map({ $0.count <= Self.most }) ?? true { lines.append(line) }
            return lines
        }
    }

    private static func removeEnded(from bursts: inout [LogLine: Burst], _ now: UInt64) -> [LogLine] {
        let ended = bursts.filter { $0.value.endsAt <= now }
        for line in ended.keys { bursts[line] = nil }
        return ended.filter { $0.value.count > most }
            .sorted { $0.value.endsAt < $1.value.endsAt }
            .map { $0.key.adding("repeated", "\($0.value.count - most) times") }
    }
}
