import DNSWire
import EventLoop
import Glibc
import Routing
import Transport

@testable import Server

/// A DNS server on loopback, in the loop of the test, that answers as a script says.
final class ScriptedHost {
    /// What was asked of it.
    struct Request {
        var question: HostQuestion
        var id: MessageID
        var isStream: Bool
    }

    /// Answers with these messages; with none at all when there are none.
    var script: (Request) throws -> [[UInt8]]
    private(set) var requests: [Request] = []
    private let batch: DatagramBatch
    private let resources: StreamResources
    private var datagrams: DatagramListener?
    private var streams: StreamListener?

    init(_ loop: EventLoop, _ script: @escaping (Request) throws -> [[UInt8]]) throws {
        self.script = script
        batch = try DatagramBatch(loop)
        resources = try StreamResources(loop)
        for _ in 0..<16 where streams == nil {
            let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)
            let listener = try DatagramListener(loop, loopback, batch: batch, handler: self)
            datagrams = listener
            // The port may be taken for TCP.
            streams = try? StreamListener(listener.localAddress, resources: resources, handler: self)
            if streams == nil { listener.stop() }
        }
    }

    /// The server as others name it.
    var upstream: Upstream {
        Upstream(address: IPAddress(ipv4: 0x7F00_0001), port: datagrams?.localAddress.port ?? 0)
    }

    func stop() {
        datagrams?.stop()
        streams?.stop()
        resources.closeConnections()
    }

    private func responses(_ message: RawSpan, isStream: Bool) -> [[UInt8]] {
        guard case .query(let query) = Query.parse(message) else { return [] }
        var at = WireLimits.headerLength
        guard let name = try? DomainName(message, at: &at) else { return [] }
        let question = HostQuestion(name: name, type: query.qtype)
        let request = Request(question: question, id: query.id, isStream: isStream)
        requests.append(request)
        return (try? script(request)) ?? []
    }
}

extension ScriptedHost: DatagramHandler {
    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int {
        for message in responses(datagram, isStream: false) {
            socket.queue(message.wireBytes, to: socket.currentPath)
        }
        return 0
    }
}

extension ScriptedHost: StreamHandler {
    func connection(_ connection: StreamConnection, received message: RawSpan) {
        let messages = responses(message, isStream: true)
        for message in messages { connection.send(message.wireBytes) }
        if messages.isEmpty { connection.close() }
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}
}
