public import EventLoop

/// A UDP server socket of one worker; the kernel spreads clients over the workers' sockets (SO_REUSEPORT).
///
/// Keeps its handler alive until `stop()`. Used on the worker's thread only.
public final class DatagramListener: DatagramSender {
    /// The address with the port that the kernel chose when it was 0.
    public let localAddress: SocketAddress
    /// What its owner knows it by.
    public let tag: Int

    private let batch: DatagramBatch
    private var socket: SocketDescriptor?
    private var watcher: Watcher?
    private var handler: (any DatagramHandler)?
    private(set) var fd: CInt

    /// Opens a socket and serves it from the next round on.
    public init(
        _ loop: EventLoop,
        _ address: SocketAddress,
        batch: DatagramBatch,
        handler: any DatagramHandler,
        tag: Int = 0
    ) throws(SystemError) {
        let socket = try SocketDescriptor(.datagram, for: address)
        try socket.prepareToListen(on: address)
        if address.isWildcard { try socket.reportLocalAddress(family: address.family) }
        socket.ignorePathMTU(family: address.family)
        socket.enlargeBuffers()
        try socket.bind(to: address)
        localAddress = try socket.localAddress()
        fd = socket.fd
        self.batch = batch
        self.tag = tag
        self.handler = handler
        self.socket = consume socket
        watcher = try Watcher(loop, fd: fd, .read) { [unowned self] in receive() }
    }

    deinit { batch.discard(fd: fd) }

    /// Says whether it was not stopped.
    public var isOpen: Bool { fd >= 0 }

    /// The way back to the sender of the datagram that the handler was given; in `handle` only.
    public var currentPath: DatagramPath { batch.currentPath }

    /// Queues a late reply, which leaves at the end of the loop's round or with `flush()`.
    ///
    /// A message longer than `TransportLimits.datagramLength` is dropped and counted. After `stop()` nothing happens.
    public func queue(_ message: RawSpan, to path: DatagramPath) {
        if isOpen { batch.queue(message, from: self, path: path) }
    }

    /// Sends what was queued now.
    public func flush() { batch.flush() }

    /// Takes no more datagrams; late replies can still be sent until `stop()`.
    public func stopReceiving() { watcher = nil }

    /// Sends what was queued and closes the socket.
    public func stop() {
        if !isOpen { return }
        batch.flush()
        watcher = nil
        socket = nil
        fd = -1
        handler = nil
    }

    // MARK: - Events

    private func receive() {
        guard let handler else { return }
        for _ in 0..<TransportLimits.batchesPerReadiness {
            let received = batch.serve(self, handler)
            if received > 0 { handler.batchEnded() }
            // Less than a full batch: the socket was empty, a further call would only say so.
            if received < TransportLimits.batchSize || !isOpen { return batch.gather(received) }
        }
    }

    func sendFailed(_ errno: CInt) {}
}
