import DNSWire
import EventLoop
import Forwarding
import Transport

/// Queries that are answered at once, many per read, over one TCP connection on loopback.
///
/// What is measured is one round of the server's loop: wait, read, answer, write.
final class StreamScenario: Scenario {
    private let loop: EventLoop
    private let server: StreamServer
    private let client: StreamClient
    private let exchanges: [Exchange]
    /// The query that the next batch begins with.
    private var first = 0

    init(_ harness: Harness, _ exchanges: [Exchange]) throws(ScenarioError) {
        self.exchanges = exchanges
        do throws(SystemError) {
            loop = try EventLoop()
            server = StreamServer(harness)
            try server.listen(loop)
        } catch {
            throw ScenarioError("\(error)")
        }
        client = try StreamClient(port: server.port)
        // The round that accepts.
        loop.stop()
        loop.run()
    }

    deinit { server.stop() }

    func prepare(_ count: Int) throws(ScenarioError) {
        let queries = (0..<count).flatMap { Exchange.framed(exchange($0).query) }
        try client.write(queries)
        server.answered = 0
        // So that running does one round.
        loop.stop()
    }

    private func exchange(_ offset: Int) -> Exchange { exchanges[(first + offset) % exchanges.count] }

    func run(_ count: Int) -> UInt64 {
        loop.run()
        return UInt64(server.answered)
    }

    func check(_ count: Int) throws(ScenarioError) {
        guard server.answered == count else {
            throw ScenarioError("one round answered \(server.answered) of \(count) queries")
        }
        let wanted = (0..<count).flatMap { Exchange.framed(exchange($0).reply) }
        let replies = try client.read(wanted.count)
        guard replies == wanted else { throw ScenarioError("the replies were \(replies), not \(wanted)") }
        first = (first + count) % exchanges.count
    }
}
