public import EventLoop
import Glibc

/// A UDP socket that is connected to one upstream, from a source port that cannot be guessed (RFC 5452 §9.2).
///
/// Since it is connected, the kernel drops what others send, and reports when nobody listens. Keeps its handler
/// alive until `close()`. Used on the worker's thread only.
public final class DatagramClientSocket: DatagramSender {
    /// The upstream.
    public let peer: SocketAddress
    /// The address that the kernel chose here, with the source port.
    public let localAddress: SocketAddress

    private let batch: DatagramBatch
    private var socket: SocketDescriptor?
    private var watcher: Watcher?
    private var handler: (any DatagramClientHandler)?
    private(set) var fd: CInt

    /// Opens a socket on a random port of 1024 to 65535, which `generator` chooses; it must be cryptographic.
    ///
    /// After some ports that are in use the kernel chooses one of its own range.
    public init(
        _ loop: EventLoop,
        to peer: SocketAddress,
        batch: DatagramBatch,
        handler: any DatagramClientHandler,
        using generator: inout some RandomNumberGenerator
    ) throws(SystemError) {
        let socket = try SocketDescriptor(.datagram, for: peer)
        socket.ignorePathMTU(family: peer.family)
        try DatagramClientSocket.bindToRandomPort(socket, peer, using: &generator)
        _ = try socket.connect(to: peer)
        localAddress = try socket.localAddress()
        fd = socket.fd
        self.peer = peer
        self.batch = batch
        self.handler = handler
        self.socket = consume socket
        watcher = try Watcher(loop, fd: fd, .read) { [unowned self] in receive() }
    }

    deinit { batch.discard(fd: fd) }

    /// Says whether it was not closed.
    public var isOpen: Bool { fd >= 0 }

    /// Queues a message to the peer, which leaves at the end of the loop's round or with `flush()`.
    ///
    /// A message longer than `TransportLimits.datagramLength` is dropped and counted. After `close()` nothing
    /// happens.
    public func queue(_ message: RawSpan) {
        if isOpen { batch.queue(message, from: self, path: nil) }
    }

    /// Sends what was queued now.
    public func flush() { batch.flush() }

    /// Closes the socket; what was queued and not sent is lost, and the handler hears nothing more.
    public func close() {
        if !isOpen { return }
        batch.discard(fd: fd)
        watcher = nil
        socket = nil
        fd = -1
        handler = nil
    }

    // MARK: - Events

    private func receive() {
        guard let handler else { return }
        for _ in 0..<TransportLimits.batchesPerReadiness {
            let received = batch.receive(for: self, handler)
            if received < 0 { handler.failed(CInt(-received), on: self) }
            if received > 0 { handler.batchEnded() }
            if received < TransportLimits.batchSize || !isOpen { return }
        }
    }

    func sendFailed(_ errno: CInt) { handler?.failed(errno, on: self) }

    // MARK: - Source port

    private static func bindToRandomPort(
        _ socket: borrowing SocketDescriptor,
        _ peer: SocketAddress,
        using generator: inout some RandomNumberGenerator
    ) throws(SystemError) {
        let any = peer.isIPv4 ? SocketAddress(ipv4: 0, port: 0) : SocketAddress(ipv6: 0, port: 0)
        for _ in 0..<TransportLimits.randomPortTries {
            let port = UInt16.random(in: TransportLimits.lowestRandomPort...UInt16.max, using: &generator)
            do {
                return try socket.bind(to: any.with(port: port))
            } catch  where error.errno == EADDRINUSE || error.errno == EACCES {
                continue
            }
        }
        try socket.bind(to: any)
    }
}
