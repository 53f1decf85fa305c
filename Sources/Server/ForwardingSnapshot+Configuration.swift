import Configuration
import Forwarding
import Routing
import Transport

extension ForwardingSnapshot {
    /// Makes the snapshot that workers use of a configuration.
    convenience init(
        _ configuration: ServerConfiguration,
        _ table: RoutingTable,
        following previous: ForwardingSnapshot?
    ) {
        let cache = configuration.cache
        self.init(
            table: table,
            following: previous,
            allowed: IPPrefixSet(configuration.access.allow),
            diagnosticsAllowed: IPPrefixSet(
                configuration.access.diagnostics ?? Self.loopback + Self.ownAddresses()
            ),
            ttls: TTLLimits(
                minimum: cache.minTTLSeconds,
                maximum: cache.maxTTLSeconds,
                negative: cache.negativeTTLSeconds
            ),
            caching: CachingSettings(
                staleSeconds: cache.serveStaleSeconds,
                staleAfterMilliseconds: cache.staleAfterMilliseconds,
                prefetch: cache.prefetch
            ),
            waitingPerClient: configuration.access.waitingPerClient,
            hostname: LocalHost.name(),
            version: ServerVersion.text
        )
    }

    private static var loopback: [IPPrefix] {
        [
            IPPrefix(IPAddress(ipv4: 0x7F00_0000), length: 8),
            IPPrefix(IPAddress(ipv6: 1), length: 128),
        ].compactMap { $0 }
    }

    private static func ownAddresses() -> [IPPrefix] {
        LocalHost.addresses().compactMap { address in
            let address = address.ipAddress
            return IPPrefix(address, length: address.width)
        }
    }
}
