import DNSWire
public import EventLoop
import Glibc
public import Transport

/// The sockets of an embedded cluster: UDP and TCP at one address and port.
///
/// Used on the loop's thread only.
public final class EmbeddedClusterServer {
    /// The address, with the port that the kernel chose when it was 0.
    public var address: SocketAddress { datagrams.localAddress }

    private let datagrams: DatagramListener
    private let streams: StreamListener

    /// A port that is free for UDP may be taken for TCP; so often another one is tried.
    private static let portTries = 16

    /// Opens the sockets and answers from the loop's next round on.
    public init(
        _ cluster: EmbeddedCluster,
        _ loop: EventLoop,
        at address: SocketAddress,
        batch: DatagramBatch,
        resources: StreamResources
    ) throws(SystemError) {
        let handler = ClusterHandler(cluster)
        var tries = address.port == 0 ? Self.portTries : 1
        while true {
            let datagrams = try DatagramListener(loop, address, batch: batch, handler: handler)
            do throws(SystemError) {
                streams = try StreamListener(datagrams.localAddress, resources: resources, handler: handler)
                self.datagrams = datagrams
                return
            } catch {
                datagrams.stop()
                tries -= 1
                if error.errno != EADDRINUSE || tries == 0 { throw error }
            }
        }
    }

    /// Closes the sockets; replies that are still to be written leave before their connections close.
    public func stop() {
        datagrams.stop()
        streams.stop()
    }
}

/// Answers each query at once, whichever way it came.
private final class ClusterHandler: DatagramHandler, StreamHandler {
    private let cluster: EmbeddedCluster
    private var reply = WireBuffer(capacity: WireLimits.messageLength)

    init(_ cluster: EmbeddedCluster) { self.cluster = cluster }

    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int {
        cluster.answer(datagram, isStream: false, reply: &reply)
    }

    func connection(_ connection: StreamConnection, received message: RawSpan) {
        answer(message, on: connection, &reply)
    }

    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}

    // The buffer is a parameter, because a span cannot be borrowed from a property of a class.
    private func answer(_ message: RawSpan, on connection: StreamConnection, _ buffer: inout WireBuffer) {
        var reply = buffer.mutableBytes
        let length = cluster.answer(message, isStream: true, reply: &reply)
        if length == 0 {
            connection.abandonQuery()
        } else {
            connection.send(buffer.bytes.extracting(first: length))
        }
    }
}
