public import Routing

/// What is known of a server at one moment.
public struct HealthReport: Sendable {
    public enum State: String, Sendable {
        case up
        /// Up, until a probe says otherwise.
        case suspect
        case down
        /// It sends queries back to us, and is not asked.
        case looping
    }

    public var state: State
    /// Milliseconds since the first query that the server did not answer, while it is suspected or down.
    public var failingMilliseconds: UInt64?
    /// Smoothed; nil when never measured.
    public var roundTripMicroseconds: UInt64?
    /// Names in a row that the server could not answer.
    var complaints: Int
    let lastTrouble: Trouble

    /// Whether the server is asked for clients.
    public var isAsked: Bool { state == .up || state == .suspect }

    /// The state in a few words: `up, 1.2 ms`, `down for 12 s: timed out`.
    public func text(of server: Upstream) -> String {
        let time = failingMilliseconds.map { " for \(Duration.text($0))" } ?? ""
        switch state {
        case .up: return "up, \(roundTripText)"
        case .suspect: return "suspect\(time), \(roundTripText)"
        case .down: return "down\(time): \(lastTrouble.fault.sentence(of: server))"
        case .looping: return UpstreamFault.loop.sentence(of: server)
        }
    }

    private var roundTripText: String {
        guard let time = roundTripMicroseconds else { return "not measured yet" }
        let tenths = (time + 50) / 100
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

extension Duration {
    /// Milliseconds as text for people: `12 s`, `3 min`.
    static func text(_ milliseconds: UInt64) -> String {
        switch milliseconds {
        case ..<1000: "\(milliseconds) ms"
        case ..<120_000: "\(milliseconds / 1000) s"
        case ..<7_200_000: "\(milliseconds / 60_000) min"
        default: "\(milliseconds / 3_600_000) h"
        }
    }
}
