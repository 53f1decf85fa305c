import AnswerCache
import DNSWire
import Forwarding
import Metrics
import Routing

/// A forwarder between clients and servers that are made up, with a clock that is a number.
final class Harness {
    let sink = Sink()
    var forwarder: Forwarder
    /// Milliseconds.
    var now: UInt64 = 1_000_000
    private var buffer = WireBuffer(capacity: ForwardingLimits.udpPayload)

    static let client = Client(address: IPAddress(ipv4: 0x7F00_0001), isStream: false)

    /// The domain below which the clusters are.
    static let parent = "k8s.corp"

    /// The zone whose names are mapped, and the domain that its cluster knows.
    static let zone = "east.k8s.corp"
    static let domain = "cluster.local"

    /// Seconds for which denials are kept at most.
    static let negativeTTL: UInt32 = 300

    private static let seed: UInt64 = 1
    /// Large enough that no scenario fills it.
    private static let cacheBytes = 64 << 20

    init() throws(ScenarioError) {
        forwarder = Forwarder(
            snapshot: ForwardingSnapshot(
                table: try Self.table(),
                allowed: IPPrefixSet(try Self.loopback()),
                diagnosticsAllowed: IPPrefixSet([]),
                ttls: TTLLimits(negative: Self.negativeTTL),
                hostname: "",
                version: ""
            ),
            cache: AnswerCache(sizeBytes: Self.cacheBytes, seed: Self.seed),
            failures: AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: Self.seed),
            metrics: WorkerMetrics(),
            output: sink,
            random: SeededGenerator(seed: Self.seed),
            now: now
        )
    }

    /// Ten clusters below one domain, one server each, and a default server.
    private static func table() throws(ScenarioError) -> RoutingTable {
        try RoutingTable.withClusters(["east", "west"] + (3...10).map { "cluster\($0)" })
    }

    private static func loopback() throws(ScenarioError) -> [IPPrefix] {
        guard let prefix = IPPrefix(IPAddress(ipv4: 0x7F00_0000), length: 8) else {
            throw ScenarioError("127.0.0.0/8 is no prefix")
        }
        return [prefix]
    }

    /// Asks a question that nothing is known of, and answers it as its server.
    ///
    /// - Returns: what the client gets.
    @discardableResult
    func exchange(
        _ query: [UInt8],
        _ respond: (_ upstreamQuery: [UInt8]) -> [UInt8]
    ) throws(ScenarioError) -> [UInt8] {
        sink.clear()
        guard ask(query) == .pending, sink.queryCount == 1 else {
            throw ScenarioError("a question was not forwarded")
        }
        let upstreamQuery = sink.query(0)
        respondTo(Messages.repeatingName(of: upstreamQuery, respond(upstreamQuery)))
        guard sink.replyCount == 1 else { throw ScenarioError("a response gave no reply") }
        return sink.reply(0)
    }

    /// Hands the forwarder a query, away from what is measured.
    func ask(_ query: [UInt8]) -> QueryOutcome { Self.ask(self, query, &buffer) }

    private static func ask(
        _ harness: Harness,
        _ query: [UInt8],
        _ buffer: inout WireBuffer
    ) -> QueryOutcome {
        var reply = buffer.mutableBytes
        return harness.forwarder.handle(
            query: query.wireBytes,
            from: client,
            now: harness.now,
            reply: &reply
        )
    }

    /// Hands the forwarder a response of the server that was asked last.
    func respondTo(_ response: [UInt8]) {
        forwarder.handle(
            response: response.wireBytes,
            from: sink.upstream,
            over: .udp,
            via: Sink.token,
            now: now
        )
    }
}
