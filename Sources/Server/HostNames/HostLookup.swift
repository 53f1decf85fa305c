import DNSWire
import EventLoop
import Routing
import Transport

/// One question on its way through the servers that resolve host names, until one of them answers.
///
/// Over TCP when the answer is too long for a datagram. Control thread.
final class HostLookup {
    /// Sends at most, over all servers.
    private static let sendsMax = 8
    /// Sends to a single server.
    private static let sendsPerServer = 3
    /// What each server gets on the first round; twice that on the next.
    private static let datagramMilliseconds = 400
    private static let streamMilliseconds = 2000

    private let question: HostQuestion
    private let servers: [Upstream]
    private let sockets: HostSockets
    private var timer: Timer?
    private var datagrams: DatagramClientSocket?
    private var stream: StreamConnection?
    private var id = MessageID(rawValue: 0)
    private var sends = 0
    private var problem = "no server could be asked"
    private var done: ((HostAnswer) -> Void)?

    /// - Parameter done: called once, later, never with `.truncated`; not called after `cancel`.
    init(
        _ question: HostQuestion,
        _ servers: [Upstream],
        _ sockets: HostSockets,
        _ done: @escaping (HostAnswer) -> Void
    ) throws(SystemError) {
        self.question = question
        self.servers = servers
        self.sockets = sockets
        self.done = done
        timer = try Timer(sockets.loop) { [unowned self] in timedOut() }
        // Not now: the owner is to know this object before it hears of it.
        timer?.schedule(afterMilliseconds: 0)
    }

    /// Ends the question without an answer.
    func cancel() {
        done = nil
        closeSockets()
        timer = nil
    }

    // MARK: - Sends

    private func timedOut() {
        if sends > 0 { problem = "\(server) did not answer" }
        askNext()
    }

    /// The server that was asked last.
    private var server: Upstream { servers[(sends - 1) % servers.count] }

    private func askNext() {
        closeSockets()
        let limit = min(Self.sendsMax, servers.count * Self.sendsPerServer)
        while sends < limit {
            sends += 1
            if send(over: server.transport) { return }
            problem = "\(server) cannot be reached"
        }
        end(.failed(problem))
    }

    private func send(over transport: UpstreamTransport) -> Bool {
        id = MessageID(rawValue: UInt16.random(in: .min ... .max, using: &sockets.random))
        let query = question.query(id)
        let address = SocketAddress(server)
        do throws(SystemError) {
            if transport == .udp {
                datagrams = try sockets.datagrams(to: address, self)
                datagrams?.queue(query.wireBytes)
                let round = (sends - 1) / servers.count
                timer?.schedule(afterMilliseconds: Self.datagramMilliseconds << round)
            } else {
                stream = try StreamConnection(to: address, resources: sockets.streams, handler: self)
                stream?.send(query.wireBytes)
                timer?.schedule(afterMilliseconds: Self.streamMilliseconds)
            }
            return true
        } catch {
            return false
        }
    }

    private func closeSockets() {
        let connection = stream
        stream = nil
        connection?.close()
        datagrams?.close()
        datagrams = nil
    }

    // MARK: - Responses

    private func take(_ answer: HostAnswer?, isCut: Bool = false) {
        guard let answer else { return }
        switch isCut ? .truncated : answer {
        case .found, .absent: end(answer)
        case .failed(let reason):
            problem = "\(reason) (\(server))"
            askNext()
        case .truncated where stream == nil:
            closeSockets()
            if !send(over: .tcp) { askNext() }
        case .truncated:
            problem = "\(server) sent half of an answer"
            askNext()
        }
    }

    private func end(_ answer: HostAnswer) {
        guard let done else { return }
        cancel()
        done(answer)
    }
}

extension HostLookup: DatagramClientHandler {
    func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket) {
        guard socket === datagrams else { return }
        take(question.read(message, id), isCut: isTruncated)
    }

    func failed(_ errno: CInt, on socket: DatagramClientSocket) {
        guard socket === datagrams else { return }
        problem = "\(server) cannot be reached"
        askNext()
    }

    func batchEnded() {}
}

extension HostLookup: StreamHandler {
    func connection(_ connection: StreamConnection, received message: RawSpan) {
        if connection === stream { take(question.read(message, id)) }
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {
        guard connection === stream else { return }
        stream = nil
        problem = "\(server) closed its connection"
        askNext()
    }
}

/// The means by which names are resolved.
///
/// Control thread.
final class HostSockets {
    let loop: EventLoop
    let streams: StreamResources
    var random = RandomPool()
    private let batch: DatagramBatch

    init(_ loop: EventLoop) throws(SystemError) {
        self.loop = loop
        streams = try StreamResources(loop)
        batch = try DatagramBatch(loop)
    }

    /// A new socket for each query: its port is as random as its ID (RFC 5452 §9.2).
    func datagrams(
        to server: SocketAddress,
        _ handler: any DatagramClientHandler
    ) throws(SystemError) -> DatagramClientSocket {
        try DatagramClientSocket(loop, to: server, batch: batch, handler: handler, using: &random)
    }
}
