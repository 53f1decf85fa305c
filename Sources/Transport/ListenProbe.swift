public import EventLoop

/// Finds out whether an address can be listened on before the real sockets, which share their ports, are opened.
public enum ListenProbe {
    /// Binds UDP and TCP without sharing and closes again; throws what the system says.
    public static func check(_ address: SocketAddress) throws(SystemError) {
        let datagram = try SocketDescriptor(.datagram, for: address)
        try datagram.bind(to: address)
        let stream = try SocketDescriptor(.stream, for: address)
        // Connections of an earlier run that linger do not matter.
        try stream.reuseAddress()
        try stream.bind(to: address)
    }
}
