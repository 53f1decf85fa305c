public import EventLoop
import Transport

/// Three clusters and a server for all other names; the first cluster breaks while clients ask.
public final class ChaosLab: Sendable {
    /// The fault that it was made for.
    public let fault: Fault

    private let upstreams: FaultyServers
    private let frontEnd: (any FrontEnd)?

    // The places of the servers: those of the clusters come first, then these.
    private static let others = LoadPlan.networks.count
    private static let spare = others + 1
    private static let firstHost: UInt32 = 0x7F00_0002
    private static let secondHost: UInt32 = 0x7F00_0003
    private static let hostName = "dns.east.example.org"

    /// Starts the servers behind the one that is tested.
    ///
    /// - Parameters:
    ///   - timeToLive: seconds, of the clusters' answers.
    ///   - makeFrontEnd: makes what stands before the server at an address, when the fault needs that.
    public init(
        _ fault: Fault,
        timeToLive: UInt8 = 5,
        makeFrontEnd: (_ port: UInt16) throws -> any FrontEnd = { _ in throw FrontEndMissing() }
    ) throws {
        self.fault = fault
        var definitions = LoadPlan.networks.map(FaultyServerDefinition.init)
        definitions.append(FaultyServerDefinition(network: 0x0A09))
        if fault.hasSpare { definitions.append(definitions[0]) }
        for place in definitions.indices { definitions[place].timeToLive = timeToLive }
        if fault.kind == .hostName {
            var second = definitions[0]
            second.host = Self.secondHost
            second.samePortAs = 0
            definitions[0].host = Self.firstHost
            definitions.append(second)
        }
        let upstreams = try FaultyServers(definitions)
        self.upstreams = upstreams
        do {
            frontEnd = fault.kind == .certificate ? try makeFrontEnd(upstreams.addresses[0].port) : nil
        } catch {
            upstreams.stop()
            throw error
        }
        if fault.kind == .hostName { upstreams.behave(Self.others, .pointsAt(Self.firstHost)) }
    }

    /// Ends the servers; must be called.
    public func stop() { upstreams.stop() }

    /// The configuration of the server that is tested, in which `PORT` stands for its port.
    public var configuration: String {
        let ports = upstreams.addresses.map(\.port)
        var servers = ports.map { "127.0.0.1:\($0)" }
        if fault.kind == .hostName { servers[0] = "\(Self.hostName):\(ports[0])" }
        if let frontEnd { servers[0] = frontEnd.server }
        if fault.hasSpare { servers[0] += "\", \"\(servers[Self.spare])" }
        let clusters = LoadPlan.clusters.indices.map { cluster in
            let more = cluster == ChaosResult.broken ? frontEnd?.clusterSettings ?? "" : ""
            return "  - {name: \(LoadPlan.clusters[cluster]), servers: [\"\(servers[cluster])\"]\(more)}"
        }
        return """
            listen: ["127.0.0.1:PORT"]
            workers: 2
            upstream: {servers: ["\(servers[Self.others])"]}
            zonePattern: "{cluster}.k8s.corp"
            clusters:
            \(clusters.joined(separator: "\n"))
            cache: {size: 8MiB}
            log: {level: warning}

            """
    }

    /// Runs a plan against a server that runs with `configuration`, and breaks the first cluster meanwhile.
    public func run(_ plan: LoadPlan, port: UInt16, pid: Int32) throws(SystemError) -> ChaosResult {
        let plan = plan.longEnough(for: fault)
        let memory = MemoryRecord(pid: pid)
        let trials = TrialRecord(middle: UInt64(plan.during) * 500_000)
        let server = SocketAddress(ipv4: 0x7F00_0001, port: port)
        let control = upstreams.addresses[LoadPlan.controlServer]
        let client = try LoadClient(plan, server: server, control: control) { [self] phase in
            switch phase {
            case .warmUp, .before: break
            case .during:
                memory.begin()
                trials.begin()
                breakDown()
            case .after:
                trials.end(received)
                recover()
            }
        } tick: { [self] in
            memory.record()
            trials.record(received)
        }
        client.run()
        return ChaosResult(
            fault: fault,
            plan: plan,
            samples: client.samples,
            errorTexts: client.errorTexts,
            received: trials.rate,
            memoryGrowth: memory.growth
        )
    }

    /// Queries that the broken server got.
    private var received: Int { upstreams.received[0].value }

    private func breakDown() {
        switch fault.kind {
        case .server(let steps): upstreams.behave(0, steps)
        case .hostName: upstreams.behave(0, .silent)
        case .certificate: frontEnd?.breakDown()
        }
    }

    private func recover() {
        switch fault.kind {
        case .server: upstreams.behave(0, .answers)
        case .hostName: upstreams.behave(Self.others, .pointsAt(Self.secondHost))
        case .certificate: frontEnd?.recover()
        }
    }
}

/// The fault needs a server of another make, and there is none.
public struct FrontEndMissing: Error, Sendable {
    public init() {}
}
