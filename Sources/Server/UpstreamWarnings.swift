import EventLoop
import Logging
import Routing
import Synchronization
import TLS

/// Says in the log what is wrong with servers, each reason of each server once a minute at most.
///
/// Any thread.
final class UpstreamWarnings: Sendable {
    private static let intervalNanoseconds: UInt64 = 60_000_000_000
    /// Mentions within that time.
    private static let mentionsMax = 1024

    /// What is said once.
    private struct Mention: Hashable {
        var server: Upstream
        var failure: TLSFailure
    }

    private let logger: Logger
    /// When each was said.
    private let mentioned = Mutex<[Mention: UInt64]>([:])
    private let now: @Sendable () -> UInt64

    /// - Parameter now: nanoseconds of a clock.
    init(_ logger: Logger, now: @escaping @Sendable () -> UInt64 = { MonotonicClock.nanoseconds() }) {
        self.logger = logger
        self.now = now
    }

    /// Says that TLS with a server failed.
    func warn(_ server: Upstream, _ failure: TLSFailure) {
        guard may(Mention(server: server, failure: failure)) else { return }
        let name = server.tls?.name ?? ""
        logger.warning("cannot use tls://\(server)#\(name): \(failure.description(name: name))")
    }

    private func may(_ mention: Mention) -> Bool {
        let now = now()
        return mentioned.withLock { mentioned in
            if let last = mentioned[mention], now < last + Self.intervalNanoseconds { return false }
            if mentioned.count >= Self.mentionsMax {
                mentioned = mentioned.filter { now < $0.value + Self.intervalNanoseconds }
            }
            // Still full of young ones: better quiet than without a limit.
            if mentioned.count >= Self.mentionsMax, mentioned[mention] == nil { return false }
            mentioned[mention] = now
            return true
        }
    }
}
