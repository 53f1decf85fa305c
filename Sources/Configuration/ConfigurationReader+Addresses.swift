// The addresses to listen on, the ranges of clients and clusters, and the servers to forward to.

import DNSWire
import Routing

extension ConfigurationReader {
    /// What is listened on where the file does not say: loopback, port 53.
    static let defaultListen = [
        ListenAddress(address: IPAddress(ipv4: 0x7F00_0001), port: 53),
        ListenAddress(address: IPAddress(ipv6: 1), port: 53),
    ]
    /// Where the servers are listed when the file does not say.
    static let defaultResolvConf = "/etc/resolv.conf"

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

    private func endpoint(
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

// MARK: - Servers

extension ConfigurationReader {
    /// The servers of the default route; `/etc/resolv.conf` says them where the file does not.
    func defaultUpstreams(_ node: YAMLNode?, missingAt position: Position) -> [Upstream] {
        guard let node else {
            let advice = "name servers in the configuration: `upstream: {servers: [ADDRESS]}`"
            return distinct(nameservers(Self.defaultResolvConf, at: position, advice: advice))
        }
        guard case .mapping = node.content, let servers = fields(of: node, .upstream)["servers"] else {
            reportMissingServers(node)
            return []
        }
        var upstreams: [Upstream] = []
        var places = FirstPlaces<Upstream>()
        for element in list(servers, "servers") {
            if case .scalar(let path, _) = element.content, path.hasPrefix("/") {
                upstreams += nameservers(path, at: element.position, advice: "write addresses instead")
            } else if let upstream = server(element, &places) {
                upstreams.append(upstream)
            }
        }
        return limited(distinct(upstreams), at: servers.position)
    }

    private func reportMissingServers(_ node: YAMLNode) {
        if case .mapping(let entries) = node.content {
            // A `servers` without a value has its complaint already.
            guard !entries.contains(where: { $0.key == "servers" }) else { return }
            report(
                node.position,
                "`upstream` has no `servers`; add `servers: [ADDRESS]` or remove `upstream`"
            )
        } else {
            _ = fields(of: node, .upstream)
        }
    }

    /// The servers of a cluster.
    func clusterUpstreams(_ node: YAMLNode) -> [Upstream] {
        var upstreams: [Upstream] = []
        var places = FirstPlaces<Upstream>()
        for element in list(node, "servers") {
            if case .scalar(let path, _) = element.content, path.hasPrefix("/") {
                report(
                    element.position,
                    "\(quoted(path)) is a file, which only `upstream` may name;"
                        + " write the addresses of the cluster's DNS"
                )
            } else if let upstream = server(element, &places) {
                upstreams.append(upstream)
            }
        }
        return limited(upstreams, at: node.position)
    }

    /// Reads one server: an address, one with a port, or either behind `tcp://`.
    private func server(_ node: YAMLNode, _ places: inout FirstPlaces<Upstream>) -> Upstream? {
        if case .list = node.content {
            report(node.position, "an IPv6 address in brackets needs quotes; write \"[2001:db8::10]:53\"")
            return nil
        }
        guard let upstream = value(node, "servers", Self.upstream), check(upstream, at: node.position) else {
            return nil
        }
        if let first = places.add(upstream, at: node.position) {
            report(node.position, "this server is listed twice, first on \(first.words); remove one")
            return nil
        }
        return upstream
    }

    private static func upstream(_ text: String) throws(InvalidValue) -> Upstream {
        var rest = text
        var transport = UpstreamTransport.udp
        // Most servers have no scheme, and searching for one takes longer than reading the address.
        if text.utf8.contains(UInt8(ascii: "/")), let scheme = text.firstRange(of: "://") {
            switch text[..<scheme.lowerBound] {
            case "tcp": transport = .tcp
            case "tls":
                throw InvalidValue(
                    "this version does not support DNS over TLS (\(quoted(text))) yet;"
                        + " write tcp:// or the address"
                )
            default:
                throw InvalidValue(
                    "\(quoted(text)) has an unknown scheme;"
                        + " write the address alone for UDP, or tcp:// before it"
                )
            }
            rest = String(text[scheme.upperBound...])
        }
        let (address, port) = try EndpointText.parse(rest)
        return Upstream(transport: transport, address: address, port: port)
    }

    /// Refuses servers that nothing can be sent to, or that are ourselves.
    private func check(_ upstream: Upstream, at position: Position, file: String? = nil) -> Bool {
        if upstream.address.isUnspecified {
            report(position, "\(upstream.address) is no server's address; write one", file: file)
            return false
        }
        let isOurs = listen.contains {
            $0.port == upstream.port
                && ($0.address == upstream.address
                    || $0.address.isUnspecified && upstream.address.isLoopback
                        && $0.address.isIPv4 == upstream.address.isIPv4)
        }
        if isOurs {
            report(
                position,
                "\(upstream) is this server itself (see `listen`), so that queries would go in circles;"
                    + " name another server",
                file: file
            )
        }
        return !isOurs
    }

    /// The servers of a resolv.conf; its mistakes are reported with its own name and lines.
    private func nameservers(_ path: String, at position: Position, advice: String) -> [Upstream] {
        let text: String
        do throws(UnreadableFile) {
            text = try readFile(path)
        } catch {
            report(position, "cannot read \(path): \(error.reason); \(advice)")
            return []
        }
        let lines = ResolvConf.nameservers(text)
        if lines.isEmpty { report(position, "\(path) has no `nameserver` line; \(advice)") }
        var upstreams: [Upstream] = []
        for line in lines {
            do throws(InvalidValue) {
                guard !line.address.hasPrefix("["), line.address.count(where: { $0 == ":" }) != 1 else {
                    throw InvalidValue("\(quoted(line.address)) is no plain IP address; remove the port")
                }
                let upstream = Upstream(address: try EndpointText.parse(line.address).address)
                if check(upstream, at: line.position, file: path) { upstreams.append(upstream) }
            } catch {
                report(line.position, error.message, file: path)
            }
        }
        return upstreams
    }

    /// The servers without repetitions, in order.
    private func distinct(_ upstreams: [Upstream]) -> [Upstream] {
        var seen: Set<Upstream> = []
        return upstreams.filter { seen.insert($0).inserted }
    }

    private func limited(_ upstreams: [Upstream], at position: Position) -> [Upstream] {
        if upstreams.count > ConfigurationLimits.serversPerRoute {
            let limit = ConfigurationLimits.serversPerRoute
            report(position, "`servers` has \(upstreams.count) servers; keep \(limit) at most")
        }
        return upstreams
    }
}
