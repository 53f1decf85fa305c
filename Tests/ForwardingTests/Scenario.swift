import AnswerCache
import DNSWire
import Forwarding
import Metrics
import PresentationFormat
import Routing
import Testing

/// A forwarder between clients and servers that the test plays itself, with a clock that is a number.
final class Scenario: ForwarderOutput {
    /// Milliseconds.
    private(set) var now: UInt64 = 1_000_000
    let metrics = WorkerMetrics()
    let cache: AnswerCache?
    private(set) var snapshot: ForwardingSnapshot
    private var directory = RoutingDirectory()
    let failures: AnswerCache
    private let setup: Setup
    private lazy var core = Core(
        Forwarder(
            snapshot: snapshot,
            cache: cache,
            failures: failures,
            metrics: metrics,
            output: self,
            random: SeededGenerator(seed: setup.seed, script: setup.ids),
            now: now
        )
    )

    /// Everything that was sent to servers, in order.
    private(set) var sent: [SentQuery] = []
    private var taken = 0
    /// Questions that servers were sent to see whether they come back.
    private(set) var loopProbes: [SentQuery] = []
    /// Servers that the system refuses to send to, as text without port.
    var unreachable: Set<String> = []
    /// The token of all sends over TCP to one server: they share a connection.
    private let connectionToken = SocketToken(rawValue: 1_000_000)

    /// What the replies to waiting clients were made of.
    private(set) var answered: [AnswerFacts] = []
    private var waiting: [WaiterID: ClientQuery] = [:]
    private var admittedNow: WaiterID?

    /// - Parameter other: the scenario of another worker of the same server, whose health this one shares.
    init(_ setup: Setup = Setup(), beside other: Scenario? = nil) throws {
        self.setup = setup
        snapshot = try other?.snapshot ?? setup.snapshot(&directory)
        now = other?.now ?? now
        cache = setup.hasCache ? AnswerCache(sizeBytes: 1 << 20, seed: setup.seed) : nil
        failures = AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: setup.seed)
    }

    /// Another worker of the same server, at the same time.
    init(beside other: Scenario) {
        setup = other.setup
        snapshot = other.snapshot
        cache = other.cache
        failures = other.failures
        now = other.now
    }

    /// What the last reply was made of that was ready at once.
    var facts: AnswerFacts { core.forwarder.facts(at: 0) }

    /// Whether the forwarder waits for anything.
    var hasPending: Bool { core.forwarder.hasPending }

    /// Gives the forwarder other routes and settings.
    func replace(with setup: Setup) throws {
        snapshot = try setup.snapshot(&directory, following: snapshot, now: now)
        core.forwarder.replace(snapshot: snapshot)
    }

    // MARK: ForwarderOutput

    func admitted(_ waiter: WaiterID) { admittedNow = waiter }

    func answering(_ facts: AnswerFacts) { answered.append(facts) }

    func reply(_ message: borrowing RawSpan, to waiter: WaiterID) {
        let octets = message.toArray()
        if admittedNow == waiter, waiting[waiter] == nil {
            earlyReply = octets
            return
        }
        guard let client = waiting.removeValue(forKey: waiter) else {
            Issue.record("a reply to nobody")
            return
        }
        client.receive(octets)
    }

    /// A reply that came while its query was still being handled.
    private var earlyReply: [UInt8]?

    func send(
        _ message: borrowing RawSpan,
        to upstream: UpstreamID,
        over transport: UpstreamTransport
    ) -> SocketToken? {
        let server = "\(snapshot.table.upstreams[Int(upstream.rawValue)].address)"
        guard !unreachable.contains(server) else { return nil }
        let token = transport == .tcp ? connectionToken : SocketToken(rawValue: UInt32(sent.count))
        guard let read = try? readMessage(message.toArray()) else {
            Issue.record("the forwarder sent what nobody can read")
            return nil
        }
        var query = SentQuery(
            upstream: upstream,
            server: server,
            transport: transport,
            token: token,
            message: read,
            sentAt: now
        )
        if query.question.hasPrefix("switchyard-loop-") {
            query.token = SocketToken(rawValue: 2_000_000 + UInt32(loopProbes.count))
            loopProbes.append(query)
        } else {
            sent.append(query)
        }
        return query.token
    }

    // MARK: Clients

    /// Asks a question as a client over UDP, or over a stream.
    @discardableResult
    func ask(
        _ text: String,
        from address: String = "127.0.0.1",
        isStream: Bool = false,
        _ change: (inout ClientQuestion) -> Void = { _ in }
    ) throws -> ClientQuery {
        var question = ClientQuestion(text)
        change(&question)
        return try ask(octets: try question.write(), from: address, isStream: isStream)
    }

    /// Asks with any octets.
    @discardableResult
    func ask(
        octets: [UInt8],
        from address: String = "127.0.0.1",
        isStream: Bool = false
    ) throws -> ClientQuery {
        let source = Client(address: try readAddress(address), isStream: isStream)
        return ask(octets: octets, from: source)
    }

    func ask(octets: [UInt8], from source: Client) -> ClientQuery {
        let client = ClientQuery(asked: octets)
        var buffer = WireBuffer(
            capacity: source.isStream ? WireLimits.messageLength + 8 : ForwardingLimits.udpPayload
        )
        var reply = buffer.mutableBytes
        admittedNow = nil
        earlyReply = nil
        switch core.forwarder.handle(query: octets.wireBytes, from: source, now: now, reply: &reply) {
        case .reply(let length): client.receive(reply.readable.extracting(first: length).toArray())
        case .drop: client.isDropped = true
        case .pending:
            if let early = earlyReply {
                client.receive(early)
            } else if let waiter = admittedNow {
                waiting[waiter] = client
            } else {
                Issue.record("pending without a waiter")
            }
        }
        admittedNow = nil
        return client
    }

    // MARK: Servers

    /// The next query to a server that the test has not looked at yet.
    func next(_ server: String? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws -> SentQuery
    {
        try #require(taken < sent.count, "nothing was sent", sourceLocation: sourceLocation)
        taken += 1
        let query = sent[taken - 1]
        if let server { #expect(query.server == server, sourceLocation: sourceLocation) }
        return query
    }

    /// Whether all that was sent has been looked at.
    var isQuiet: Bool { taken == sent.count }

    /// Looks away from what was sent so far.
    func skipSent() { taken = sent.count }

    /// Answers a query to a server.
    func respond(
        to query: SentQuery,
        _ code: ResponseCode = .noError,
        answer: [String] = [],
        authority: [String] = [],
        additional: [String] = [],
        _ change: (inout ServerResponse) -> Void = { _ in }
    ) throws {
        var response = ServerResponse(
            code: code,
            answer: answer,
            authority: authority,
            additional: additional
        )
        change(&response)
        deliver(try response.write(for: query), to: query)
    }

    /// Hands octets to the forwarder as if they came from the server that was asked.
    func deliver(
        _ octets: [UInt8],
        to query: SentQuery,
        from upstream: UpstreamID? = nil,
        via token: SocketToken? = nil,
        isCut: Bool = false
    ) {
        core.forwarder.handle(
            response: octets.wireBytes,
            from: upstream ?? query.upstream,
            over: query.transport,
            via: token ?? query.token,
            isCut: isCut,
            now: now
        )
    }

    /// Says that the socket or connection of a query failed.
    func breakConnection(of query: SentQuery, _ end: ConnectionEnd = .notOpened, tls: TLSFault? = nil) {
        core.forwarder.failed(query.upstream, via: query.token, end, tls: tls, now: now)
    }

    // MARK: Time

    /// Lets time pass as a worker does, in small steps.
    func pass(_ milliseconds: UInt64) {
        let end = now + milliseconds
        while now < end {
            now = min(now + 2, end)
            core.forwarder.expire(now: now)
            if setup.hasTicks, now % ForwardingLimits.tickMilliseconds == 0 {
                core.forwarder.tick(now: now)
            }
        }
    }

    /// Lets time pass with nothing in flight.
    func pass(seconds: UInt64) {
        now += seconds * 1000
        core.forwarder.expire(now: now)
    }

    // MARK: Both ends

    /// Asks, answers the one query that this leads to, and returns what the client gets.
    @discardableResult
    func exchange(
        _ question: String,
        _ code: ResponseCode = .noError,
        answer: [String] = [],
        authority: [String] = [],
        additional: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ReadMessage {
        let client = try ask(question)
        let query = try next(sourceLocation: sourceLocation)
        try respond(to: query, code, answer: answer, authority: authority, additional: additional)
        return try client.read(sourceLocation: sourceLocation)
    }
}

/// A client's query and what came of it.
final class ClientQuery {
    let asked: [UInt8]
    private(set) var replies: [[UInt8]] = []
    var isDropped = false

    init(asked: [UInt8]) { self.asked = asked }

    var isAnswered: Bool { !replies.isEmpty }

    func receive(_ octets: [UInt8]) {
        if isAnswered { Issue.record("a second reply to one query") }
        replies.append(octets)
    }

    /// The reply; libldns must be able to read it, too.
    func read(sourceLocation: SourceLocation = #_sourceLocation) throws -> ReadMessage {
        let octets = try #require(replies.first, "no reply", sourceLocation: sourceLocation)
        let isWellFormed = MessageText.describe(octets.wireBytes) != nil
        #expect(isWellFormed, "libldns cannot read the reply", sourceLocation: sourceLocation)
        return try readMessage(octets)
    }
}

/// A query on its way to a server.
struct SentQuery {
    var upstream: UpstreamID
    /// The server's address.
    var server: String
    var transport: UpstreamTransport
    var token: SocketToken
    var message: ReadMessage
    var sentAt: UInt64

    /// Name in lower case, and type.
    var question: String { "\(message.qname.folded.presentation) \(typeName(message.qtype))" }

    /// The data of an option of OPT.
    func option(_ code: UInt16) -> [UInt8]? { message.options.first { $0.code == code }?.data }
}

extension Scenario {
    /// What is known of a server.
    func health(_ server: String) -> UpstreamHealth {
        let place = snapshot.table.upstreams.firstIndex { "\($0.address)" == server }
        return snapshot.health[place ?? 0]
    }

    /// How often something happened.
    func count(_ counter: Counter) -> Int { Int(metrics.value(counter)) }
}

/// A forwarder is not copied, so that its owner must have a place for it.
private final class Core {
    var forwarder: Forwarder

    init(_ forwarder: consuming Forwarder) { self.forwarder = forwarder }
}

extension Scenario {
    /// What would become of a question now.
    func explain(_ name: String, _ qtype: RecordType = .a) throws -> Explanation {
        Explainer(snapshot, cache: cache, failures: failures, now: now)
            .explain(try DomainName(presentation: name), qtype)
    }

    /// The state of a cluster's route.
    func state(of cluster: String) throws -> RouteState {
        snapshot.routeStates[try #require(snapshot.table.routes.firstIndex { $0.name == cluster })]
    }

    /// Takes out of both caches what is selected.
    func flush(_ selection: FlushSelection) -> Int {
        failures.flush(selection) + (cache?.flush(selection) ?? 0)
    }
}
