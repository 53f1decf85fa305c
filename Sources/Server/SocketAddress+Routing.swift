// The same address in the words of two modules that must not know each other.
public import Configuration
import Routing
import Transport

extension SocketAddress {
    init(_ address: IPAddress, port: UInt16) {
        self =
            address.isIPv4
            ? SocketAddress(ipv4: UInt32(truncatingIfNeeded: address.bits), port: port)
            : SocketAddress(ipv6: address.bits, port: port)
    }

    init(_ listen: ListenAddress) { self.init(listen.address, port: listen.port) }

    init(_ upstream: Upstream) { self.init(upstream.address, port: upstream.port) }

    var ipAddress: IPAddress {
        isIPv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : IPAddress(ipv6: bits)
    }
}

extension ListenAddress: CustomStringConvertible {
    /// Address and port as text: `127.0.0.1:53`, `[::1]:53`.
    public var description: String { Upstream(address: address, port: port).description }
}
