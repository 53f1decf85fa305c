// The clusters of `switchyard demo`: the same services, each cluster with addresses of its own.
import DNSWire
import Routing

extension EmbeddedCluster {
    /// Services in 10.96.0.0/16, pods in 10.244.0.0/16, TTL 5 s.
    public static let east = EmbeddedCluster(name: "east", serviceNetwork: 96, podNetwork: 244, ttl: 5)

    /// Services in 10.112.0.0/16, pods in 10.245.0.0/16, TTL 30 s, and `billing.shop`, which east has not.
    public static let west = EmbeddedCluster(
        name: "west",
        serviceNetwork: 112,
        podNetwork: 245,
        ttl: 30,
        extra: { networks in
            [networks.service("shop", "billing", 30, [.init("http", 80)], pods: 1)]
        }
    )

    private init(
        name: String,
        serviceNetwork: UInt8,
        podNetwork: UInt8,
        ttl: UInt32,
        extra: (ClusterNetworks) -> [ClusterService] = { _ in [] }
    ) {
        let networks = ClusterNetworks(service: serviceNetwork, pod: podNetwork)
        self.init(
            name: name,
            clusterDomain: DomainName("cluster.local") ?? DomainName(),
            ttl: ttl,
            services: networks.commonServices + extra(networks),
            reverse: networks.reverse
        )
    }
}

/// The networks of a built-in cluster: 10.N.0.0/16 and fd00:10:N::/112, numbers written alike in both.
private struct ClusterNetworks {
    let service: UInt8
    let pod: UInt8

    var reverse: [IPPrefix] {
        [service, pod].flatMap { network in
            [
                IPPrefix(address(network, 0, isIPv4: true), length: 16),
                IPPrefix(address(network, 0, isIPv4: false), length: 112),
            ]
        }.compactMap(\.self)
    }

    var commonServices: [ClusterService] {
        let docs = DomainName("www.example.org") ?? DomainName()
        let web = DomainName("web.shop.svc.cluster.local") ?? DomainName()
        let http = ClusterService.Port("http", 80)
        return [
            service("default", "kubernetes", 1, [.init("https", 443)], pods: 0, isIPv6: false),
            service(
                "kube-system",
                "kube-dns",
                10,
                [.init("dns", 53, "udp"), .init("dns-tcp", 53), .init("metrics", 9153)],
                pods: 2
            ),
            service("shop", "web", 20, [http, .init("https", 443)], pods: 3),
            service("shop", "cart", 21, [http], pods: 2, isIPv6: false),
            service("shop", "assets", 22, [http], pods: 0, isIPv4: false),
            headless("shop", "db", 60, [.init("postgres", 5432)], ready: 2, notReady: 1),
            headless("shop", "search", 70, [http], ready: 0, notReady: 2),
            ClusterService(namespace: "shop", name: "docs", kind: .externalName(docs)),
            ClusterService(namespace: "shop", name: "storefront", kind: .externalName(web)),
            // Too many for a UDP reply of 512 octets; their SRV records too many for any usual one.
            headless("batch", "worker", 140, [http], ready: 60, notReady: 0),
        ]
    }

    /// A service with virtual addresses; host `number` of the service network, pods from there on.
    func service(
        _ namespace: String,
        _ name: String,
        _ number: UInt8,
        _ ports: [ClusterService.Port],
        pods: UInt8,
        isIPv4: Bool = true,
        isIPv6: Bool = true
    ) -> ClusterService {
        let families = [true, false].filter { $0 ? isIPv4 : isIPv6 }
        return ClusterService(
            namespace: namespace,
            name: name,
            kind: .clusterIP(families.map { address(service, number, isIPv4: $0) }),
            ports: ports,
            endpoints: (0..<pods).flatMap { i in
                families.map { .init(address: address(pod, number * 4 + i, isIPv4: $0)) }
            }
        )
    }

    /// A headless service whose pods are called `name-0` and so on; the last `notReady` of them are not ready.
    private func headless(
        _ namespace: String,
        _ name: String,
        _ number: UInt8,
        _ ports: [ClusterService.Port],
        ready: UInt8,
        notReady: UInt8
    ) -> ClusterService {
        let endpoints = (0..<(ready + notReady)).flatMap { i in
            [true, false].map { isIPv4 in
                ClusterService.Endpoint(
                    hostname: "\(name)-\(i)",
                    address: address(pod, number + i, isIPv4: isIPv4),
                    isReady: i < ready
                )
            }
        }
        return ClusterService(
            namespace: namespace,
            name: name,
            kind: .headless,
            ports: ports,
            endpoints: endpoints
        )
    }

    /// 10.N.0.H or fd00:10:N::H.
    private func address(_ network: UInt8, _ host: UInt8, isIPv4: Bool) -> IPAddress {
        if isIPv4 { return IPAddress(ipv4: 10 << 24 | UInt32(network) << 16 | UInt32(host)) }
        // Decimal digits read as hexadecimal, so that 96 is written 96.
        func group(_ number: UInt8) -> UInt128 { UInt128(String(number), radix: 16) ?? 0 }
        return IPAddress(ipv6: 0xFD00 << 112 | 0x10 << 96 | group(network) << 80 | group(host))
    }
}
