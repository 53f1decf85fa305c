import CSystem
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
    /// Somebody else's too: its state is not ours to change.
    private let isInherited: Bool
    private(set) var fd: CInt

    /// Opens a socket, or shares one that was inherited, and serves it from the next round on.
    public init(
        _ loop: EventLoop,
        _ address: SocketAddress,
        inherited: InheritedSocket? = nil,
        batch: DatagramBatch,
        handler: any DatagramHandler,
        tag: Int = 0
    ) throws(SystemError) {
        let socket = try Self.socket(address, inherited)
        isInherited = inherited != nil
        if address.isWildcard { try socket.reportLocalAddress(family: address.family) }
        socket.ignorePathMTU(family: address.family)
        socket.enlargeBuffers()
        if !isInherited { try socket.bind(to: address) }
        localAddress = try socket.localAddress()
        fd = socket.fd
        self.batch = batch
        self.tag = tag
        self.handler = handler
        self.socket = consume socket
        watcher = try Watcher(loop, fd: fd, .read) { [unowned self] in receive() }
    }

    private static func socket(
        _ address: SocketAddress,
        _ inherited: InheritedSocket?
    ) throws(SystemError) -> SocketDescriptor {
        if let inherited { return try inherited.duplicate() }
        let socket = try SocketDescriptor(.datagram, for: address)
        try socket.prepareToListen(on: address)
        return socket
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

    /// Lets no more datagrams come; those that wait are served, and late replies sent, until `stop()`.
    ///
    /// The kernel gives new ones to the other sockets of the port, those of another process included. What waits in an
    /// inherited socket is left to the next process.
    public func stopReceiving() {
        if isInherited || !turnAway() { watcher = nil }
    }

    /// Receives what is left after `stopReceiving()`; says whether there was something.
    public func receiveRest() -> Bool {
        guard watcher != nil, let handler else { return false }
        let received = batch.serve(self, handler)
        if received > 0 { handler.batchEnded() }
        return received > 0
    }

    /// Connects the socket to an address that sends nothing: a connected one is no choice for others' datagrams.
    ///
    /// Closing would lose the datagrams that wait.
    private func turnAway() -> Bool {
        guard isOpen else { return false }
        let loopback =
            localAddress.isIPv4 ? SocketAddress(ipv4: 0x7F00_0001, port: 0) : SocketAddress(ipv6: 1, port: 0)
        let nobody = (localAddress.isWildcard ? loopback : localAddress).with(
            port: TransportLimits.discardPort
        )
        var system = nobody.system
        return unsafe csystem_connect(fd, &system, nobody.systemLength) == 0
    }

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
