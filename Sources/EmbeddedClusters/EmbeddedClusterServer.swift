import DNSWire
public import EventLoop
import Glibc
import Synchronization
import Transport

/// An embedded cluster on a port of the loopback address, on a thread of its own, until the process ends.
public final class EmbeddedClusterServer: Sendable {
    /// The port that the kernel picked; UDP and TCP.
    public let port: UInt16
    private let thread: WorkerThread

    /// Binds 127.0.0.1 and starts to answer.
    public init(_ cluster: EmbeddedCluster) throws(SystemError) {
        let start = StartedPort()
        thread = try WorkerThread.spawn(name: cluster.name) { start.run(cluster) }
        port = try start.wait()
    }
}

/// Hands the port, or the error, from the new thread to the one that waits for it.
private final class StartedPort: Sendable {
    private let result = Mutex<Result<UInt16, SystemError>?>(nil)

    /// The body of the thread.
    func run(_ cluster: EmbeddedCluster) {
        do throws(SystemError) {
            let answering = try AnsweringLoop(cluster)
            result.withLock { $0 = .success(answering.port) }
            answering.loop.run()
        } catch {
            result.withLock { $0 = .failure(error) }
        }
    }

    func wait() throws(SystemError) -> UInt16 {
        while true {
            if let result = result.withLock({ $0 }) { return try result.get() }
            usleep(200)
        }
    }
}

/// The sockets of one cluster.
private final class AnsweringLoop: DatagramHandler, StreamHandler {
    let loop: EventLoop
    private(set) var port: UInt16 = 0
    private let cluster: EmbeddedCluster
    private var datagrams: DatagramListener?
    private var streams: StreamListener?
    private var buffer = WireBuffer(capacity: WireLimits.messageLength)

    init(_ cluster: EmbeddedCluster) throws(SystemError) {
        self.cluster = cluster
        loop = try EventLoop()
        let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)
        let batch = try DatagramBatch(loop)
        let datagrams = try DatagramListener(loop, loopback, batch: batch, handler: self)
        let resources = try StreamResources(loop)
        streams = try StreamListener(datagrams.localAddress, resources: resources, handler: self)
        port = datagrams.localAddress.port
        self.datagrams = datagrams
    }

    func handle(
        _ datagram: RawSpan,
        isTruncated: Bool,
        on socket: DatagramListener,
        from path: DatagramPath,
        reply: inout MutableRawSpan
    ) -> Int {
        cluster.answer(datagram, isStream: false, reply: &reply)
    }

    func batchEnded() {}

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        if !Self.answer(message, cluster, &buffer, on: connection) { connection.abandonQuery() }
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}

    private static func answer(
        _ message: RawSpan,
        _ cluster: EmbeddedCluster,
        _ buffer: inout WireBuffer,
        on connection: StreamConnection
    ) -> Bool {
        var reply = buffer.mutableBytes
        let length = cluster.answer(message, isStream: true, reply: &reply)
        return length > 0 && connection.send(reply.readable.extracting(first: length))
    }
}
