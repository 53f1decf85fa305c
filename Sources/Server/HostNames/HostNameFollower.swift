import DNSWire
import EventLoop
import Logging
import Routing

/// Keeps the addresses of servers that are given by host name.
///
/// Control thread.
final class HostNameFollower {
    /// Names that are resolved at once.
    private static let runningMax = 32
    /// Milliseconds between two looks at the names that are due.
    private static let pauseMilliseconds: UInt64 = 20

    private var names = HostNames()
    private let resolver: HostResolver
    private let logger: Logger
    private let changed: () -> Void
    private var timer: Timer?
    /// When the timer is set for.
    private var nextLook = UInt64.max
    /// Called once, when each name was tried.
    private var whenAllTried: (() -> Void)?

    /// - Parameter changed: called when a name has other addresses.
    init(_ loop: EventLoop, logger: Logger, changed: @escaping () -> Void) throws(SystemError) {
        resolver = try HostResolver(loop)
        self.logger = logger
        self.changed = changed
        timer = try Timer(loop) { [unowned self] in resolveDue() }
    }

    /// The addresses of all names that have some.
    var addresses: ServerAddresses { names.addresses }

    /// Follows these names by asking these servers.
    func follow(_ followed: [DomainName], servers: [Upstream]) {
        resolver.servers = servers
        names.follow(followed, now: Self.now())
        if let first = followed.first, servers.isEmpty {
            logger.warning(
                "no server can resolve \(first.hostName); name one by its address in `upstream.bootstrap`"
            )
        }
        schedule()
    }

    /// Resolves names soon, because no server answers at their addresses.
    func resolveSoon(_ down: [DomainName]) {
        guard !down.isEmpty else { return }
        names.resolveSoon(down)
        schedule()
    }

    /// Calls back once all names were resolved or could not be; at once when there are none.
    func waitUntilTried(_ body: @escaping () -> Void) {
        if names.wereAllTried { return body() }
        whenAllTried = body
    }

    /// Stops to follow.
    func stop() {
        timer = nil
        resolver.cancel()
    }

    // MARK: - Resolving

    /// Sees to it that the names are looked at when the next is due; never later than it was to be already.
    private func schedule() {
        guard let due = names.nextDue else { return }
        let now = Self.now()
        let next = max(due, now + Self.pauseMilliseconds)
        guard next < nextLook else { return }
        nextLook = next
        timer?.schedule(afterMilliseconds: Int(next - now))
    }

    private func resolveDue() {
        nextLook = .max
        for name in names.takeDue(now: Self.now(), limit: Self.runningMax - resolver.count) {
            resolver.resolve(name) { [unowned self] resolution in take(resolution, for: name) }
        }
        schedule()
    }

    private func take(_ resolution: HostResolution, for name: DomainName) {
        let change = names.take(resolution, for: name, now: Self.now())
        report(change, name.hostName)
        if case .addresses = change { changed() }
        if let body = whenAllTried, names.wereAllTried {
            whenAllTried = nil
            body()
        }
        schedule()
    }

    private func report(_ change: HostNames.Change, _ name: String) {
        switch change {
        case .nothing: return
        case .addresses(let addresses):
            logger.info("server \(name) is now \(Self.list(addresses))")
        case .failure(let reason, let staying):
            let rest = staying.isEmpty ? "it has no address yet" : "\(Self.list(staying)) stays in use"
            logger.warning("the name of server \(name) cannot be resolved: \(reason); \(rest)")
        case .recovery(let addresses):
            logger.info("the name of server \(name) is resolved again: \(Self.list(addresses))")
        }
    }

    private static func list(_ addresses: [IPAddress]) -> String {
        addresses.map(\.description).joined(separator: ", ")
    }

    private static func now() -> UInt64 { MonotonicClock.nanoseconds() / 1_000_000 }
}
