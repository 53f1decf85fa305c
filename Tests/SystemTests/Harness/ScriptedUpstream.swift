import Foundation
import Glibc
import Synchronization

/// A DNS server on loopback, UDP and TCP, that answers whatever a test tells it to, right or wrong.
final class ScriptedUpstream: Sendable {
    struct Request: Sendable {
        var bytes: [UInt8]
        var isStream: Bool
        /// The port that the query came from; 0 for a stream.
        var clientPort: UInt16
        /// Which connection it came through, counted from 1; 0 for a datagram.
        var connection: Int
        /// Counted from 0 over both transports, without probes.
        var number: Int
        /// The name in lower case.
        var query: TestMessage

        var isProbe: Bool { query.isProbe }
    }

    /// What to send; several are sent in order.
    enum Action: Sendable {
        case send([UInt8])
        case sendLater(milliseconds: Int, [UInt8])
        /// From a port that was not asked.
        case sendFromElsewhere([UInt8])
        /// On a stream: octets without a length in front.
        case sendUnframed([UInt8])
        case close

        static func reply(_ message: TestMessage) -> Action { .send(message.bytes) }
    }

    typealias Script = @Sendable (Request) -> [Action]

    let endpoint: Endpoint
    private let datagrams: Socket
    private let listener: Socket
    private let elsewhere: Socket
    private let script: Script
    private let keepsCase: Bool
    private let loopProbes: (@Sendable ([UInt8]) -> Void)?
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var requests: [Request] = []
        var isStopping = false
    }

    /// - Parameters:
    ///   - port: where to listen; nil takes a free one.
    ///   - keepsCase: whether replies repeat the case of the name that was asked, as most servers do.
    ///   - loopProbes: gets what the forwarder asks to see whether it comes back, which the script does not.
    init(
        host: String = "127.0.0.1",
        port: UInt16? = nil,
        keepsCase: Bool = true,
        loopProbes: (@Sendable ([UInt8]) -> Void)? = nil,
        _ script: @escaping Script
    ) throws {
        self.keepsCase = keepsCase
        self.loopProbes = loopProbes
        endpoint = Endpoint(host, try port ?? FreePort.find())
        datagrams = try Socket(.datagram, AF_INET)
        listener = try Socket(.stream, AF_INET)
        elsewhere = try Socket(.datagram, AF_INET)
        self.script = script
        guard datagrams.bind(to: endpoint), listener.bind(to: endpoint), listener.listen(),
            elsewhere.bind(to: Endpoint("127.0.0.1", 0))
        else { throw HarnessError("cannot listen on \(endpoint)") }
        datagrams.setReceiveBuffer(bytes: 1 << 20)
        Thread.detachNewThread { [self] in
            var loop = Loop(server: self)
            while !state.withLock(\.isStopping) { loop.turn() }
            ended.signal()
        }
    }

    /// Ends the thread; must be called, since the thread holds a reference.
    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        if isFirst { ended.wait() }
    }

    /// All queries so far that somebody asked for.
    var requests: [Request] { state.withLock(\.requests).filter { !$0.isProbe } }
    /// The queries that only find out whether this server is there.
    var probes: [Request] { state.withLock(\.requests).filter(\.isProbe) }
    /// The names that were asked, in lower case.
    var names: [String] { requests.map { $0.query.qname.lowercased() } }

    /// One turn of the server's loop, with the connections that are open.
    private struct Loop {
        let server: ScriptedUpstream
        var connections: [(socket: Socket, buffer: [UInt8], number: Int)] = []
        var accepted = 0
        var later: [(at: ContinuousClock.Instant, send: () -> Void)] = []

        init(server: ScriptedUpstream) { self.server = server }

        mutating func turn() {
            var entries = [server.datagrams.fd, server.listener.fd].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            entries += connections.map { pollfd(fd: $0.socket.fd, events: Int16(POLLIN), revents: 0) }
            unsafe poll(&entries, nfds_t(entries.count), later.isEmpty ? 20 : 2)
            let now = ContinuousClock.now
            for due in later where due.at <= now { due.send() }
            later.removeAll { $0.at <= now }

            var closed: [Int] = []
            for i in connections.indices where entries[i + 2].revents != 0 {
                if !read(i) { closed.append(i) }
            }
            for i in closed.reversed() { connections.remove(at: i) }
            if entries[0].revents != 0 { readDatagrams() }
            if entries[1].revents != 0, let socket = server.listener.accept() {
                accepted += 1
                connections.append((socket, [], accepted))
            }
        }

        private mutating func readDatagrams() {
            for _ in 0..<256 {
                guard let (bytes, client) = server.datagrams.receiveFrom() else { return }
                perform(server.answer(bytes, connection: 0, from: client.port)) { [server] bytes, kind in
                    let socket = kind == .elsewhere ? server.elsewhere : server.datagrams
                    socket.send(bytes, to: client)
                }
            }
        }

        /// Reads from a connection; false when it is to be closed.
        private mutating func read(_ i: Int) -> Bool {
            guard let bytes = connections[i].socket.receive(within: 0), !bytes.isEmpty else { return false }
            connections[i].buffer += bytes
            var isOpen = true
            while connections[i].buffer.count >= 2 {
                let length = Int(connections[i].buffer[0]) << 8 | Int(connections[i].buffer[1])
                guard connections[i].buffer.count >= length + 2 else { break }
                let message = Array(connections[i].buffer[2..<(length + 2)])
                connections[i].buffer.removeFirst(length + 2)
                let actions = server.answer(message, connection: connections[i].number)
                let socket = connections[i].socket
                perform(actions) { bytes, kind in socket.send(kind == .unframed ? bytes : frame(bytes)) }
                if actions.contains(where: { if case .close = $0 { true } else { false } }) { isOpen = false }
            }
            return isOpen
        }

        private enum Kind {
            case plain
            case elsewhere
            case unframed
        }

        private mutating func perform(_ actions: [Action], _ send: @escaping ([UInt8], Kind) -> Void) {
            for action in actions {
                switch action {
                case .send(let bytes): send(bytes, .plain)
                case .sendFromElsewhere(let bytes): send(bytes, .elsewhere)
                case .sendUnframed(let bytes): send(bytes, .unframed)
                case .sendLater(let milliseconds, let bytes):
                    later.append((.now + .milliseconds(milliseconds), { send(bytes, .plain) }))
                case .close: break
                }
            }
        }
    }

    private func answer(_ bytes: [UInt8], connection: Int, from clientPort: UInt16 = 0) -> [Action] {
        guard var query = try? TestMessage(parsing: bytes) else { return [] }
        if !query.questions.isEmpty { query.questions[0].name = query.qname.lowercased() }
        if query.isLoopProbe {
            loopProbes?(bytes)
            return [.reply(TestMessage(to: query, code: Code.nxDomain))]
        }
        let request = state.withLock { state in
            let request = Request(
                bytes: bytes,
                isStream: connection != 0,
                clientPort: clientPort,
                connection: connection,
                number: state.requests.count { !$0.isProbe },
                query: query
            )
            state.requests.append(request)
            return request
        }
        let actions = script(request)
        return keepsCase ? actions.map { $0.withCase(of: bytes) } : actions
    }
}

extension ScriptedUpstream.Action {
    /// The same with the question's name in the case that a query has, if it is the query's name.
    fileprivate func withCase(of query: [UInt8]) -> ScriptedUpstream.Action {
        func restored(_ reply: [UInt8]) -> [UInt8] {
            guard query.count > 12, let root = query[12...].firstIndex(of: 0), reply.count > root else {
                return reply
            }
            let asked = query[12...root]
            func folded(_ octets: ArraySlice<UInt8>) -> [UInt8] {
                octets.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
            }
            guard folded(asked) == folded(reply[12...root]) else { return reply }
            return Array(reply[..<12] + asked + reply[(root + 1)...])
        }
        return switch self {
        case .send(let bytes): .send(restored(bytes))
        case .sendLater(let milliseconds, let bytes): .sendLater(milliseconds: milliseconds, restored(bytes))
        case .sendFromElsewhere(let bytes): .sendFromElsewhere(restored(bytes))
        case .sendUnframed(let bytes): .sendUnframed(restored(bytes))
        case .close: .close
        }
    }
}
