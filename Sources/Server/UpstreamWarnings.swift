import EventLoop
import Logging
import Routing
import Synchronization
import TLS

/// Says in the log what is wrong with servers, of each server once a minute at most.
///
/// Any thread.
final class UpstreamWarnings: Sendable {
    private static let intervalNanoseconds: UInt64 = 60_000_000_000
    /// Servers that may be mentioned within that time.
    private static let serversMax = 1024

    private let logger: Logger
    /// When each server was mentioned.
    private let mentioned = Mutex<[Upstream: UInt64]>([:])
    private let now: @Sendable () -> UInt64

    /// - Parameter now: nanoseconds of a clock.
    init(_ logger: Logger, now: @escaping @Sendable () -> UInt64 = { MonotonicClock.nanoseconds() }) {
        self.logger = logger
        self.now = now
    }

    /// Says that TLS with a server failed.
    func warn(_ server: Upstream, _ failure: TLSFailure) {
        guard mayMention(server) else { return }
        let name = server.tls?.name ?? ""
        logger.warning("cannot use tls://\(server)#\(name): \(failure.description(name: name))")
    }

    private func mayMention(_ server: Upstream) -> Bool {
        let now = now()
        return mentioned.withLock { mentioned in
            if let last = mentioned[server], now < last + Self.intervalNanoseconds { return false }
            if mentioned.count >= Self.serversMax {
                mentioned = mentioned.filter { now < $0.value + Self.intervalNanoseconds }
            }
            // Still full of young ones: better quiet than without a limit.
            if mentioned.count >= Self.serversMax, mentioned[server] == nil { return false }
            mentioned[server] = now
            return true
        }
    }
}
