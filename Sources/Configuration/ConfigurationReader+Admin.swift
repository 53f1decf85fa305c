// The admin port and the control socket.

import Routing

extension ConfigurationReader {
    /// Reads `admin`; what is missing has its default.
    func admin(_ node: YAMLNode?) -> AdminConfiguration {
        var admin = AdminConfiguration()
        guard let node else { return admin }
        let fields = fields(of: node, .admin)
        if let listen = fields["listen"] { readListen(listen, into: &admin) }
        if let socket = fields["controlSocket"] { readControlSocket(socket, into: &admin) }
        if let ready: AdminConfiguration.Readiness = fields["ready"].flatMap({ choice($0, "ready") }) {
            admin.ready = ready
        }
        return admin
    }

    private func readListen(_ node: YAMLNode, into admin: inout AdminConfiguration) {
        if isNone(node) { return admin.listen = nil }
        if case .list = node.content {
            let advice = "write \"[::1]:9153\" with quotes"
            return report(node.position, "`listen` of `admin` is one address; \(advice)")
        }
        let endpoint = value(node, "listen") { (text) throws(InvalidValue) in
            try EndpointText.parse(text, defaultPort: AdminConfiguration.defaultPort)
        }
        guard let endpoint else { return }
        let address = ListenAddress(address: endpoint.address, port: endpoint.port)
        if listen.contains(address) {
            let taken = Upstream(address: address.address, port: address.port)
            return report(node.position, "\(taken) is in `listen`, too, for DNS; use another port")
        }
        admin.listen = address
        admin.isListenWritten = true
    }

    private func readControlSocket(_ node: YAMLNode, into admin: inout AdminConfiguration) {
        if isNone(node) { return admin.controlSocket = nil }
        let path = value(node, "controlSocket") { (text) throws(InvalidValue) in
            guard text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0) else {
                throw InvalidValue("`controlSocket` must be a path that begins with /, or none")
            }
            guard text.utf8.count <= ConfigurationLimits.socketPathBytes else {
                throw InvalidValue(
                    "`controlSocket` is longer than \(ConfigurationLimits.socketPathBytes) octets,"
                        + " which the system does not take; use a shorter path"
                )
            }
            return text
        }
        if let path { admin.controlSocket = path }
    }

    /// Whether a value switches something off.
    private func isNone(_ node: YAMLNode) -> Bool {
        if case .scalar(let text, _) = node.content { ["none", "off"].contains(text) } else { false }
    }
}
