import DNSWire
public import EventLoop
public import Transport

/// A client that asks names of three clusters at fixed times and keeps what it gets.
///
/// Its own loop ends with the plan; used on one thread.
public final class LoadClient {
    /// Every query of the run.
    public private(set) var samples: [Sample] = []
    /// Codes and texts of the Extended DNS Errors that the broken cluster's clients got, with their number.
    public private(set) var errorTexts: [String: Int] = [:]
    private let plan: LoadPlan
    private let loop: EventLoop
    private var lanes: [Lane] = []
    private var timer: Timer?
    private var started: UInt64 = 0
    private var sent = 0
    private var phase = Phase.warmUp
    private let beginPhase: (Phase) -> Void
    private let tick: () -> Void

    private static let roundMilliseconds = 2

    /// Opens a socket for each cluster.
    ///
    /// - Parameters:
    ///   - control: a cluster's server, which is asked the same without the server in between.
    ///   - beginPhase: called when a phase begins, before its first query.
    ///   - tick: called in each round, some hundred times a second.
    public init(
        _ plan: LoadPlan,
        server: SocketAddress,
        control: SocketAddress,
        beginPhase: @escaping (Phase) -> Void,
        tick: @escaping () -> Void
    ) throws(SystemError) {
        self.plan = plan
        self.beginPhase = beginPhase
        self.tick = tick
        loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        for cluster in LoadPlan.clusters.indices {
            let domain = "\(LoadPlan.clusters[cluster]).k8s.corp"
            let lane = Lane(cluster, LoadPlan.networks[cluster], domain)
            try lane.open(loop, to: server, batch: batch)
            lanes.append(lane)
        }
        let lane = Lane(LoadPlan.control, LoadPlan.networks[LoadPlan.controlServer], "cluster.local")
        try lane.open(loop, to: control, batch: batch)
        lanes.append(lane)
        timer = try Timer(loop) { [unowned self] in round() }
    }

    /// Runs the whole plan; returns when it is over and every query was answered or given up.
    public func run() {
        started = MonotonicClock.nanoseconds()
        timer?.schedule(afterMilliseconds: 0)
        loop.run()
        for lane in lanes {
            lane.close()
            samples += lane.samples
            errorTexts.merge(lane.errorTexts, uniquingKeysWith: +)
        }
    }

    private func round() {
        let now = MonotonicClock.nanoseconds()
        let elapsed = now - started
        let milliseconds = Int(elapsed / 1_000_000)
        if milliseconds < plan.end {
            advance(to: milliseconds)
            while UInt64(sent) * 1_000_000_000 / UInt64(plan.rate) <= elapsed { sendNext() }
        }
        tick()
        for lane in lanes { lane.giveUp(before: now, since: started) }
        if milliseconds >= plan.end, lanes.allSatisfy(\.isIdle) {
            loop.stop()
        } else {
            timer?.schedule(afterMilliseconds: Self.roundMilliseconds)
        }
    }

    /// Begins the phases whose time has come.
    private func advance(to milliseconds: Int) {
        let due = plan.phase(at: milliseconds)
        for next in Phase.allCases where next.rawValue > phase.rawValue && next.rawValue <= due.rawValue {
            beginPhase(next)
        }
        phase = due
    }

    private func sendNext() {
        let kind = plan.kind(ofQuery: sent, in: phase)
        let label = plan.label(ofQuery: sent, kind)
        for lane in lanes { lane.send(label, kind, phase, since: started) }
        sent += 1
    }
}

/// The queries about one cluster.
private final class Lane: DatagramClientHandler {
    private(set) var samples: [Sample] = []
    private(set) var errorTexts: [String: Int] = [:]

    private let cluster: Int
    private let network: UInt16
    private let zone: [UInt8]
    /// Several, because the kernel gives each to one of the server's workers.
    private var sockets: [DatagramClientSocket] = []
    private var waiting: [UInt16: LoadQuery] = [:]
    /// Identifiers in the order in which they were sent.
    private var order: [UInt16] = []
    private var oldest = 0
    private var lastID: UInt16 = 0
    private var started: UInt64 = 0

    init(_ cluster: Int, _ network: UInt16, _ domain: String) {
        self.cluster = cluster
        self.network = network
        zone = LoadQuery.labels("shop.svc.\(domain)") + [0]
    }

    var isIdle: Bool { waiting.isEmpty }

    private static let socketCount = 4

    func open(_ loop: EventLoop, to server: SocketAddress, batch: DatagramBatch) throws(SystemError) {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<Self.socketCount {
            sockets.append(
                try DatagramClientSocket(loop, to: server, batch: batch, handler: self, using: &generator)
            )
        }
    }

    func close() { for socket in sockets { socket.close() } }

    func send(_ label: String, _ kind: NameKind, _ phase: Phase, since started: UInt64) {
        self.started = started
        lastID &+= 1
        let query = LoadQuery(
            label: label,
            zone: zone,
            network: network,
            id: lastID,
            kind: kind,
            phase: phase,
            sentAt: MonotonicClock.nanoseconds()
        )
        waiting[lastID] = query
        order.append(lastID)
        let socket = sockets[Int(lastID) % sockets.count]
        socket.queue(query.octets.wireBytes)
        socket.flush()
    }

    func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket) {
        guard let header = Header(message), let query = waiting[header.id.rawValue],
            let reply = ClientReply(message, to: query.octets, address: query.address)
        else { return }
        waiting[header.id.rawValue] = nil
        if let text = reply.errorText {
            errorTexts[text, default: 0] += 1
        }
        keep(query, reply.outcome, MonotonicClock.nanoseconds() - query.sentAt)
    }

    // A server that is gone shows in queries without an answer.
    func failed(_ errno: CInt, on socket: DatagramClientSocket) {}

    func batchEnded() {}

    /// Gives up the queries for which no client waits any more.
    func giveUp(before now: UInt64, since started: UInt64) {
        let patience = UInt64(LoadPlan.patience) * 1_000_000
        while oldest < order.count {
            let id = order[oldest]
            if let query = waiting[id] {
                guard query.sentAt + patience <= now else { return }
                waiting[id] = nil
                keep(query, .nothing, now - query.sentAt)
            }
            oldest += 1
        }
    }

    private func keep(_ query: LoadQuery, _ outcome: Outcome, _ latency: UInt64) {
        samples.append(
            Sample(
                cluster: cluster,
                kind: query.kind,
                phase: query.phase,
                sentAt: query.sentAt - started,
                latency: latency,
                outcome: outcome
            )
        )
    }
}
