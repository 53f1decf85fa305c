import Configuration
import Routing

/// Reads the header field Host (RFC 9110 §7.2).
enum HostHeader {
    /// Says whether it is an address or `localhost`, neither of which can be made to lead elsewhere by DNS.
    static func isLocal(_ host: String) -> Bool {
        let name = withoutPort(host)
        return name.lowercased() == "localhost" || IPAddress(text: name) != nil
    }

    private static func withoutPort(_ host: String) -> Substring {
        if host.hasPrefix("[") { return host.dropFirst().prefix { $0 != "]" } }
        return host.prefix { $0 != ":" }
    }
}
