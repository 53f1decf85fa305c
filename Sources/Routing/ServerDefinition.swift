public import DNSWire

/// A server as the configuration names it: by address, or by a name that has to be resolved.
public struct ServerDefinition: Hashable, Sendable {
    public enum Host: Hashable, Sendable {
        case address(IPAddress)
        /// Letters folded.
        case name(DomainName)
    }

    public var host: Host
    public var port: UInt16
    public var transport: UpstreamTransport
    /// How the server proves who it is; for `.tls` only.
    public var tls: TLSIdentity?
    /// The share of queries under the policy `random`, 1 to 1,000.
    public var weight: Int

    public init(
        _ host: Host,
        port: UInt16 = 53,
        transport: UpstreamTransport = .udp,
        tls: TLSIdentity? = nil,
        weight: Int = 1
    ) {
        self.host = host
        self.port = port
        self.transport = transport
        self.tls = tls
        self.weight = weight
    }

    /// A server whose address is known.
    public init(_ upstream: Upstream, weight: Int = 1) {
        self.init(
            .address(upstream.address),
            port: upstream.port,
            transport: upstream.transport,
            tls: upstream.tls,
            weight: weight
        )
    }

    /// The server, if its address is known.
    public var upstream: Upstream? {
        if case .address(let address) = host { upstream(at: address) } else { nil }
    }

    /// The server at one of its addresses.
    func upstream(at address: IPAddress) -> Upstream {
        Upstream(transport: transport, address: address, port: port, tls: tls)
    }
}

/// What a server's certificate must say (RFC 8310 §8.1).
public struct TLSIdentity: Hashable, Sendable {
    /// The name that the certificate is checked for, and that is sent as SNI.
    public var name: String
    /// A PEM file of the authorities that are believed; nil means those of the system.
    public var authorities: String?

    public init(name: String, authorities: String? = nil) {
        self.name = name
        self.authorities = authorities
    }
}

/// The addresses of servers that the configuration names by host name; a name without an entry has none yet.
public typealias ServerAddresses = [DomainName: [IPAddress]]

extension [ServerDefinition] {
    /// The names by which servers are given, each once, in order.
    public var names: [DomainName] {
        var seen: Set<DomainName> = []
        return compactMap {
            if case .name(let name) = $0.host, seen.insert(name).inserted { name } else { nil }
        }
    }

    /// The first name that has no address, as text.
    func firstUnresolved(_ addresses: ServerAddresses) -> String? {
        for case .name(let name) in lazy.map(\.host) where addresses[name, default: []].isEmpty {
            return name.hostName
        }
        return nil
    }
}

extension DomainName {
    /// The name as text, without the final dot; for host names, which need no escapes.
    public var hostName: String {
        labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }
}
