import Configuration
import DNSWire
import EventLoop
import Routing

/// Finds out whether the process answers, by a query of its own over UDP.
///
/// All who ask at the same time get the result of one query. Main thread.
final class HealthCheck {
    /// Milliseconds that the answer may take.
    private static let limit = 1000
    /// What is asked for: a name that the server answers of itself (RFC 6761 §6.3).
    private static let name = DomainName("localhost") ?? DomainName()

    private let resolver: HostResolver
    private var timer: Timer?
    private var waiting: [(String?) -> Void] = []

    init(_ loop: EventLoop, _ listen: [ListenAddress]) throws(SystemError) {
        resolver = try HostResolver(loop)
        resolver.servers = listen.prefix(1).map(Self.upstream)
        timer = try Timer(loop) { [unowned self] in end("no answer within \(Self.limit) ms") }
    }

    /// Where an address that is listened on can be reached from here.
    private static func upstream(_ listen: ListenAddress) -> Upstream {
        guard listen.address.bits == 0 else { return Upstream(address: listen.address, port: listen.port) }
        let loopback = listen.address.isIPv4 ? IPAddress(ipv4: 0x7F00_0001) : IPAddress(ipv6: 1)
        return Upstream(address: loopback, port: listen.port)
    }

    /// Calls back with what is wrong, nil when nothing is.
    func check(_ done: @escaping (String?) -> Void) {
        waiting.append(done)
        guard waiting.count == 1 else { return }
        timer?.schedule(afterMilliseconds: Self.limit)
        resolver.resolve(Self.name) { [unowned self] in end(Self.problem($0.ipv4)) }
    }

    private func end(_ problem: String?) {
        resolver.cancel()
        timer?.cancel()
        let waiting = waiting
        self.waiting = []
        for done in waiting { done(problem) }
    }

    private static func problem(_ answer: HostAnswer?) -> String? {
        switch answer {
        case .found: nil
        // Even so it has answered: the address that it listens on may not be allowed to ask.
        case .absent, .truncated: nil
        case .failed(let problem): problem.hasPrefix("a server answered") ? nil : problem
        case nil: "no answer"
        }
    }
}
