// Servers as the configuration writes them: an address or a host name, a port, a scheme, and for TLS a name.

import DNSWire
import PresentationFormat
import Routing

/// Reads `10.0.0.53`, `dns.example.org:5353`, `tcp://10.0.0.53` and `tls://10.0.0.53#dns.example.org`.
enum ServerText {
    /// Reads a server.
    ///
    /// The port is 53, or 853 behind `tls://` (RFC 7858 §3.1), where there is none.
    static func parse(_ text: String) throws(InvalidValue) -> ServerDefinition {
        // Most servers have neither scheme nor name, and searching for them takes longer than reading the address.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "#") }) else {
            return try server(text, .udp, certificateName: nil, in: text)
        }
        var rest = text[...]
        var transport = UpstreamTransport.udp
        if let scheme = text.firstRange(of: "://") {
            transport = try self.transport(text[..<scheme.lowerBound], in: text)
            rest = text[scheme.upperBound...]
        }
        guard transport == .tls else {
            if let hash = rest.firstIndex(of: "#"), !isPort(rest[rest.index(after: hash)...]) {
                throw InvalidValue("\(quoted(text)) has a name after `#`, which only tls:// needs; remove it")
            }
            return try server(String(rest), transport, certificateName: nil, in: text)
        }
        let parts = rest.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.count == 2 ? try certificateName(String(parts[1]), in: text) : nil
        return try server(String(parts[0]), .tls, certificateName: name, in: text)
    }

    private static func transport(_ scheme: Substring, in text: String) throws(InvalidValue)
        -> UpstreamTransport
    {
        switch scheme {
        case "tcp": return .tcp
        case "tls": return .tls
        default:
            throw InvalidValue(
                "\(quoted(text)) has an unknown scheme;"
                    + " write the address alone for UDP, or tcp:// or tls:// before it"
            )
        }
    }

    private static func server(
        _ endpoint: String,
        _ transport: UpstreamTransport,
        certificateName: String?,
        in text: String
    ) throws(InvalidValue) -> ServerDefinition {
        let defaultPort: UInt16 = transport == .tls ? 853 : 53
        if let host = HostNameText.host(of: endpoint) {
            let name = try HostNameText.parse(String(host), labels: 2)
            let port = try EndpointText.port(endpoint[host.endIndex...], default: defaultPort, in: endpoint)
            let tls = transport == .tls ? TLSIdentity(name: certificateName ?? name.presentation) : nil
            return ServerDefinition(.name(name), port: port, transport: transport, tls: tls)
        }
        let (address, port) = try EndpointText.parse(endpoint, defaultPort: defaultPort)
        guard transport == .tls else {
            return ServerDefinition(.address(address), port: port, transport: transport)
        }
        guard let certificateName else {
            throw InvalidValue(
                "\(quoted(text)) does not say which name its certificate must have;"
                    + " write it after `#`: tls://\(endpoint)#dns.example.org"
            )
        }
        let tls = TLSIdentity(name: certificateName)
        return ServerDefinition(.address(address), port: port, transport: .tls, tls: tls)
    }

    private static func certificateName(_ name: String, in text: String) throws(InvalidValue) -> String {
        guard !name.isEmpty else {
            throw InvalidValue("\(quoted(text)) has nothing after `#`; write the name of its certificate")
        }
        if let address = IPAddress(text: name[...]) { return address.unmapped.description }
        guard HostNameText.host(of: name)?.endIndex == name.endIndex else {
            throw InvalidValue(
                "\(quoted(name)) is no host name and no IP address;"
                    + " write the one that the server's certificate has after `#`"
            )
        }
        return try HostNameText.parse(name, labels: 1).presentation
    }

    /// Whether this is what some programs write after `#` for a port.
    private static func isPort(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
