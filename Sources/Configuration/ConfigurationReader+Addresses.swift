// The addresses to listen on, and the ranges of clients and clusters.

import Routing

extension ConfigurationReader {
    /// What is listened on where the file does not say: loopback, port 53.
    static let defaultListen = [
        ListenAddress(address: IPAddress(ipv4: 0x7F00_0001), port: 53),
        ListenAddress(address: IPAddress(ipv6: 1), port: 53),
    ]

    /// The addresses to listen on; also what servers must not be.
    func listenAddresses(_ node: YAMLNode?) -> [ListenAddress] {
        guard let node else { return Self.defaultListen }
        var places = FirstPlaces<ListenAddress>()
        var addresses: [ListenAddress] = []
        for element in list(node, "listen") {
            guard let element = endpoint(element, "listen") else { continue }
            let address = ListenAddress(address: element.address, port: element.port)
            if let first = places.add(address, at: element.position) {
                report(element.position, "this address is listed twice, first on \(first.words); remove one")
                continue
            }
            addresses.append(address)
        }
        if addresses.count > ConfigurationLimits.listenAddresses {
            let limit = ConfigurationLimits.listenAddresses
            report(
                node.position,
                "`listen` has more than \(limit) addresses; use 0.0.0.0 or \"[::]\" for all"
            )
        }
        return addresses
    }

    /// Reads an address with its port.
    func endpoint(
        _ node: YAMLNode,
        _ key: String
    ) -> (address: IPAddress, port: UInt16, position: Position)? {
        if case .list = node.content {
            report(node.position, "an IPv6 address in brackets needs quotes; write \"[::1]:53\"")
            return nil
        }
        guard let found = value(node, key, EndpointText.parse) else { return nil }
        return (found.address, found.port, node.position)
    }

    /// The ranges of a list with their places.
    func prefixes(
        _ node: YAMLNode,
        _ key: String,
        allowsAddress: Bool,
        allowsEmpty: Bool
    ) -> [(prefix: IPPrefix, position: Position)] {
        var places = FirstPlaces<IPPrefix>()
        var prefixes: [(prefix: IPPrefix, position: Position)] = []
        for element in list(node, key, allowsEmpty: allowsEmpty) {
            let prefix = value(element, key) { (text) throws(InvalidValue) in
                try PrefixText.parse(text, allowsAddress: allowsAddress)
            }
            guard let prefix else { continue }
            if let first = places.add(prefix, at: element.position) {
                report(
                    element.position,
                    "\(prefix.text) is listed twice, first on \(first.words); remove one"
                )
                continue
            }
            prefixes.append((prefix, element.position))
        }
        return prefixes
    }
}
