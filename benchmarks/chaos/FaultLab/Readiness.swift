import DNSWire
public import EventLoop
public import Transport

/// Waits until a server answers for itself.
public final class Readiness: DatagramClientHandler {
    private let loop: EventLoop
    private var isReady = false
    private var roundsLeft = 500
    private var timer: Timer?

    private static let roundMilliseconds = 20
    /// `version.bind CH TXT`: answered by the server itself, whatever its upstreams are.
    private static let query: [UInt8] =
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + LoadQuery.labels("version.bind") + [0, 0, 16, 0, 3]

    private init() throws(SystemError) { loop = try EventLoop() }

    /// Asks a server on 127.0.0.1 every 20 ms; says whether it answered within 10 s and while `isRunning`.
    public static func wait(port: UInt16, while isRunning: @escaping () -> Bool) throws(SystemError) -> Bool {
        let readiness = try Readiness()
        return try readiness.run(SocketAddress(ipv4: 0x7F00_0001, port: port), isRunning)
    }

    private func run(_ server: SocketAddress, _ isRunning: @escaping () -> Bool) throws(SystemError) -> Bool {
        var generator = SystemRandomNumberGenerator()
        let batch = try DatagramBatch(loop)
        let socket = try DatagramClientSocket(
            loop,
            to: server,
            batch: batch,
            handler: self,
            using: &generator
        )
        timer = try Timer(loop) { [unowned self] in
            roundsLeft -= 1
            guard roundsLeft > 0, isRunning() else { return loop.stop() }
            socket.queue(Self.query.wireBytes)
            timer?.schedule(afterMilliseconds: Self.roundMilliseconds)
        }
        timer?.schedule(afterMilliseconds: 0)
        loop.run()
        socket.close()
        timer = nil
        return isReady
    }

    public func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket) {
        isReady = true
        loop.stop()
    }

    public func failed(_ errno: CInt, on socket: DatagramClientSocket) {}
    public func batchEnded() {}
}
