/// The way that a datagram came, so that its reply can go back the same way.
public struct DatagramPath: BitwiseCopyable, Sendable {
    /// Who sent it.
    public let peer: SocketAddress
    /// The address that it was sent to; the wildcard when the socket is bound to one address.
    ///
    /// A client drops the reply from another address than it asked.
    let local: SocketAddress
    /// The interface that `local` means, for link-local addresses; else 0, so that the reply is routed as usual.
    let interface: UInt32

    /// A path without a known local address: the kernel chooses it.
    public init(peer: SocketAddress) {
        self.init(
            peer: peer,
            local: peer.isIPv4 ? SocketAddress(ipv4: 0, port: 0) : SocketAddress(ipv6: 0, port: 0)
        )
    }

    init(peer: SocketAddress, local: SocketAddress, interface: UInt32 = 0) {
        self.peer = peer
        self.local = local
        self.interface = local.isLinkLocalIPv6 ? interface : 0
    }
}
