import CSystem
public import EventLoop
import Glibc

/// A TCP server socket of one worker; the kernel spreads clients over the workers' sockets (SO_REUSEPORT).
///
/// Keeps its handler alive until `stop()`. Used on the worker's thread only.
public final class StreamListener {
    /// The address with the port that the kernel chose when it was 0.
    public let localAddress: SocketAddress

    private let id: UInt64
    private let resources: StreamResources
    /// Somebody else's too: who waits there is not lost when we go.
    private let isInherited: Bool
    private var socket: SocketDescriptor?
    private var watcher: Watcher?
    private var resume: Timer?
    private var handler: (any StreamHandler)?

    /// Opens a socket, or shares one that was inherited, and accepts from the next round on, with the limits and
    /// timeouts of `resources`.
    public init(
        _ address: SocketAddress,
        inherited: InheritedSocket? = nil,
        resources: StreamResources,
        handler: any StreamHandler
    ) throws(SystemError) {
        let socket = try Self.socket(address, inherited)
        isInherited = inherited != nil
        // Accepted connections inherit this.
        try socket.sendWithoutDelay()
        localAddress = try socket.localAddress()
        let fd = socket.fd
        id = resources.makeID()
        self.resources = resources
        self.handler = handler
        self.socket = consume socket
        watcher = try Watcher(resources.loop, fd: fd, .read) { [unowned self] in _ = accept() }
        resume = try Timer(resources.loop) { [unowned self] in resumeAccepting() }
    }

    private static func socket(
        _ address: SocketAddress,
        _ inherited: InheritedSocket?
    ) throws(SystemError) -> SocketDescriptor {
        if let inherited { return try inherited.duplicate() }
        let socket = try SocketDescriptor(.stream, for: address)
        try socket.prepareToListen(on: address)
        try socket.reuseAddress()
        try socket.bind(to: address)
        try socket.listen()
        return socket
    }

    /// Takes the connections that wait, which closing would reset, and closes the socket; its connections are served on
    /// until they are idle.
    ///
    /// Those that wait at an inherited socket are left to the next process.
    public func retire() {
        if handler == nil { return }
        if !isInherited { acceptRest() }
        close()
        resources.lingerConnections(ofListener: id)
    }

    private func acceptRest() {
        for _ in 0..<Int(TransportLimits.backlog) / TransportLimits.acceptsPerReadiness {
            if !accept() { return }
        }
    }

    /// Closes the socket; its connections finish what is pending and close.
    ///
    /// `StreamResources.connectionCount` says how many are left.
    public func stop() {
        if handler == nil { return }
        close()
        resources.finishConnections(ofListener: id)
    }

    private func close() {
        watcher = nil
        resume = nil
        socket = nil
        handler = nil
    }

    // MARK: - Events

    /// Says whether more may wait.
    private func accept() -> Bool {
        for _ in 0..<TransportLimits.acceptsPerReadiness {
            guard let listening = socket?.fd, let handler else { return false }
            var system = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let result = unsafe csystem_accept(listening, &system, &length)
            if result < 0 {
                if !canGoOn(after: -result) { return false }
                continue
            }
            let accepted = SocketDescriptor(accepted: result)
            guard let peer = SocketAddress(system), resources.admits(peer) else { continue }
            // Without memory for its events a connection is closed at once, like one above the limits.
            let connection = try? StreamConnection(accepted, peer, listener: id, resources, handler)
            if let connection { resources.add(connection) }
        }
        return true
    }

    /// Says whether to accept the next after an error of accept(2).
    private func canGoOn(after errno: CInt) -> Bool {
        switch errno {
        case EAGAIN:
            return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            // The connection stays in the kernel's queue and would be reported in every round.
            resources.counters.acceptPauses += 1
            watcher?.disable()
            resume?.schedule(afterMilliseconds: TransportLimits.acceptPauseMilliseconds)
            return false
        default:
            // The error is that of a connection which is gone already.
            return true
        }
    }

    private func resumeAccepting() {
        do {
            try watcher?.enable()
        } catch {
            resume?.schedule(afterMilliseconds: TransportLimits.acceptPauseMilliseconds)
        }
    }
}
