import DNSWire
public import EventLoop
import FoundationEssentials
import Transport

/// Three clusters and a server for all other names, one of which is broken while clients ask.
public final class ChaosLab: Sendable {
    private let upstreams: FaultyServers
    private static let defaultNetwork: UInt16 = 0x0A09
    private static let memoryInterval: UInt64 = 100_000_000

    /// Starts the servers behind the one that is tested.
    public init() throws(SystemError) {
        upstreams = try FaultyServers(networks: LoadPlan.networks + [Self.defaultNetwork])
    }

    /// Ends them; must be called.
    public func stop() { upstreams.stop() }

    /// The configuration of the server that is tested, in which `PORT` stands for its port.
    public var configuration: String {
        let ports = upstreams.addresses.map { "127.0.0.1:\($0.port)" }
        let clusters = zip(LoadPlan.clusters, ports).map { "  - {name: \($0), servers: [\"\($1)\"]}" }
        return """
            listen: ["127.0.0.1:PORT"]
            workers: 2
            upstream: {servers: ["\(ports[ports.count - 1])"]}
            zonePattern: "{cluster}.k8s.corp"
            clusters:
            \(clusters.joined(separator: "\n"))
            cache: {size: 8MiB}
            log: {level: warning}

            """
    }

    /// Runs a plan against a server that runs with `configuration`, and breaks the first cluster meanwhile.
    public func run(
        _ fault: Fault,
        _ plan: LoadPlan,
        port: UInt16,
        pid: Int32
    ) throws(SystemError) -> ChaosResult {
        let upstreams = upstreams
        let memory = MemoryRecord(pid: pid)
        var steady: (queries: Int, at: UInt64)?
        var received = 0.0
        var phase = Phase.warmUp
        upstreams.behave(0, .answers)
        let middle = UInt64(plan.during) * 500_000
        var begun: UInt64 = 0
        let client = try LoadClient(plan, server: SocketAddress(ipv4: 0x7F00_0001, port: port)) { next in
            phase = next
            let now = MonotonicClock.nanoseconds()
            switch next {
            case .warmUp, .before: break
            case .during:
                memory.begin()
                begun = now
                upstreams.behave(0, fault.steps)
            case .after:
                if let steady, now > steady.at {
                    let queries = upstreams.received[0].value - steady.queries
                    received = Double(queries) * 1e9 / Double(now - steady.at)
                }
                upstreams.behave(0, .answers)
            }
        } tick: {
            let now = MonotonicClock.nanoseconds()
            memory.record(now, every: Self.memoryInterval)
            if phase == .during, steady == nil, now >= begun + middle {
                steady = (upstreams.received[0].value, now)
            }
        }
        client.run()
        upstreams.behave(0, .answers)
        return ChaosResult(
            fault: fault,
            plan: plan,
            samples: client.samples,
            errorTexts: client.errorTexts,
            received: received,
            memoryGrowth: memory.growth,
            longestPause: Double(client.longestPause) / 1e6
        )
    }
}

/// The resident memory of a process while a cluster is broken and afterwards.
private final class MemoryRecord {
    private let pid: Int32
    private var first: Int?
    private var most = 0
    private var lastAt: UInt64 = 0

    private static let pageSize = 4_096

    init(pid: Int32) { self.pid = pid }

    /// Octets by which the memory grew; nil when the process was gone.
    var growth: Int? { first.map { most - $0 } }

    func begin() {
        first = resident
        most = first ?? 0
    }

    func record(_ now: UInt64, every interval: UInt64) {
        guard first != nil, now >= lastAt + interval else { return }
        lastAt = now
        guard let resident else {
            first = nil
            return
        }
        most = max(most, resident)
    }

    /// The second number of statm, in pages.
    private var resident: Int? {
        let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
        let fields = (text ?? "").split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Self.pageSize } : nil
    }
}
