import Configuration
import Routing
import Transport

/// The addresses that this server answers on, which no server to forward to may have: queries would go in circles.
struct OwnAddresses {
    private let listen: [ListenAddress]
    /// Those of the machine.
    private let local: Set<IPAddress>

    /// - Parameter local: the addresses of the machine's interfaces.
    init(listen: [ListenAddress], local: [IPAddress] = LocalHost.addresses().map(\.ipAddress)) {
        self.listen = listen
        self.local = Set(local)
    }

    /// The address to listen on that receives what is sent to this one.
    func listener(at address: IPAddress, port: UInt16) -> ListenAddress? {
        listen.first { listener in
            guard listener.port == port, listener.address.isIPv4 == address.isIPv4 else { return false }
            if listener.address == address { return true }
            return listener.address.bits == 0 && isLocal(address)
        }
    }

    /// Whether the machine itself has the address: one of an interface, or any of 127.0.0.0/8 and ::1.
    private func isLocal(_ address: IPAddress) -> Bool {
        // What is sent to the wildcard address goes to loopback.
        if address.bits == 0 || local.contains(address) { return true }
        return address.isIPv4 ? address.bits >> 24 == 127 : address.bits == 1
    }
}

extension OwnAddresses {
    /// Refuses servers that are this server itself.
    func check(_ configuration: ServerConfiguration) throws(ServerError) {
        try check(configuration.servers.compactMap(\.upstream), of: "default route: the server")
        try check(configuration.bootstrap, of: "the bootstrap server")
        for cluster in configuration.clusters {
            try check(cluster.servers.compactMap(\.upstream), of: "cluster \(cluster.name): the server")
        }
    }

    private func check(_ servers: [Upstream], of owner: String) throws(ServerError) {
        for server in servers {
            guard let listener = listener(at: server.address, port: server.port) else { continue }
            throw .forwardsToItself("\(owner) \(server)", listener)
        }
    }
}
