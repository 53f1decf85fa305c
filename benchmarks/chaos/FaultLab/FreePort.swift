public import EventLoop
import Transport

/// Finds ports of loopback that nobody listens on, for UDP and TCP.
public enum FreePort {
    private static let tries = 16

    /// A port of 127.0.0.1 that was free a moment ago.
    public static func find() throws(SystemError) -> UInt16 {
        let loop = try EventLoop()
        return try address(loop, 0x7F00_0001, DatagramBatch(loop), StreamResources(loop)).port
    }

    /// The same on an address of loopback.
    static func address(
        _ loop: EventLoop,
        _ host: UInt32,
        _ batch: DatagramBatch,
        _ resources: StreamResources
    ) throws(SystemError) -> SocketAddress {
        let handler = SilentHandler()
        let any = SocketAddress(ipv4: host, port: 0)
        var left = tries
        while true {
            let datagrams = try DatagramListener(loop, any, batch: batch, handler: handler)
            let address = datagrams.localAddress
            datagrams.stop()
            do throws(SystemError) {
                try StreamListener(address, resources: resources, handler: handler).stop()
                return address
            } catch {
                left -= 1
                if left == 0 { throw error }
            }
        }
    }
}

/// Takes what comes while a port is looked for, and answers nothing.
private final class SilentHandler: DatagramHandler, StreamHandler {
    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int { 0 }

    func connection(_ connection: StreamConnection, received message: RawSpan) {}
    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason) {}
}
