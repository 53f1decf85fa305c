public import DNSWire
public import Routing

/// A Kubernetes service with its endpoints, as far as DNS sees it.
public struct ClusterService: Sendable {
    /// What stands behind the service's name.
    public enum Kind: Sendable {
        /// One virtual address per family.
        case clusterIP([IPAddress])
        /// The addresses of the endpoints that are ready.
        case headless
        /// An alias.
        case externalName(DomainName)
    }

    /// A port of a service.
    public struct Port: Sendable {
        public var name: String
        public var number: UInt16
        /// `tcp`, `udp` or `sctp`.
        public var transport: String

        public init(_ name: String, _ number: UInt16, _ transport: String = "tcp") {
            self.name = name
            self.number = number
            self.transport = transport
        }
    }

    /// One address of a pod behind a service.
    public struct Endpoint: Sendable {
        /// The label below the service's name; the address with dashes when the pod has no host name.
        public var hostname: String
        public var address: IPAddress
        public var isReady: Bool

        public init(hostname: String? = nil, address: IPAddress, isReady: Bool = true) {
            self.hostname = hostname ?? address.dashed
            self.address = address
            self.isReady = isReady
        }
    }

    public var namespace: String
    public var name: String
    public var kind: Kind
    public var ports: [Port]
    public var endpoints: [Endpoint]

    public init(
        namespace: String,
        name: String,
        kind: Kind,
        ports: [Port] = [],
        endpoints: [Endpoint] = []
    ) {
        self.namespace = namespace
        self.name = name
        self.kind = kind
        self.ports = ports
        self.endpoints = endpoints
    }
}
