// The plugin `forward`: servers, and how they are used.

import DNSWire

extension CorefileImport {
    /// Reads `forward FROM TO...` and its options.
    mutating func readForward(_ directive: CorefileDirective, into block: inout ServerBlock) {
        guard let first = directive.arguments.first, let from = domain(first, directive.line) else {
            notes.add(directive.line, "`\(directive.name)` has no domain; it is left out")
            return
        }
        var route = DraftRoute()
        let name = directive.options("tls_servername").last?.arguments.first
        let isTCP = !directive.options("force_tcp").isEmpty
        for target in directive.arguments.dropFirst() {
            if let server = server(target, name, isTCP: isTCP, directive.line) { route.add(server: server) }
        }
        var exceptions: [DomainName] = []
        var policy = DraftValue("random", directive.line)
        for option in directive.block {
            switch option.name {
            case "except": exceptions += option.arguments.compactMap { domain($0, option.line) }
            case "policy": policy = self.policy(option) ?? policy
            default: read(option, into: &route)
            }
        }
        if route.servers.count > 1, policy.text != "ordered" { route.set(nil, "policy", policy) }
        block.forwards.append((from, route, exceptions, directive.line))
    }

    private mutating func server(
        _ text: String,
        _ certificateName: String?,
        isTCP: Bool,
        _ line: Int
    ) -> DraftValue? {
        let scheme = text.firstRange(of: "://")
        let rest = String(scheme.map { text[$0.upperBound...] } ?? text[...])
        switch scheme.map({ text[..<$0.lowerBound] }) ?? "dns" {
        case "dns": return DraftValue((isTCP && !rest.hasPrefix("/") ? "tcp://" : "") + rest, line)
        case "tls":
            // CoreDNS writes the name of the certificate behind a percent sign.
            let parts = rest.split(separator: "%", maxSplits: 1).map(String.init)
            let name = parts.count > 1 ? parts[1] : certificateName
            return DraftValue("tls://\(parts.first ?? "")\(name.map { "#\($0)" } ?? "")", line)
        default:
            notes.add(line, "\(quoted(text)) is left out: servers are asked over UDP, TCP and TLS only")
            return nil
        }
    }

    private mutating func policy(_ option: CorefileDirective) -> DraftValue? {
        switch option.arguments.first {
        case "random", "round_robin": return DraftValue("random", option.line)
        case "sequential": return DraftValue("ordered", option.line)
        default:
            notes.add(option.line, "this policy is not known; it is left out")
            return nil
        }
    }

    private mutating func read(_ option: CorefileDirective, into route: inout DraftRoute) {
        let first = option.arguments.first
        switch option.name {
        case "force_tcp", "tls_servername", "prefer_udp", "expire": break
        case "max_concurrent":
            if let first { route.set("limits", "pending", DraftValue(first, option.line)) }
        case "max_fails":
            if first == "0" {
                notes.add(
                    option.line,
                    "`max_fails 0` is left out: a server that does not answer is never trusted"
                )
            } else if let first {
                route.set("probe", "fall", DraftValue(first, option.line))
            }
        case "health_check": readHealthCheck(option, into: &route)
        case "tls": readTLS(option, into: &route)
        default: notes.add(option.line, "\(quoted(option.name)) of `forward` is left out")
        }
    }

    private mutating func readHealthCheck(_ option: CorefileDirective, into route: inout DraftRoute) {
        guard let interval = option.arguments.first else { return }
        route.set("probe", "interval", DraftValue(interval, option.line))
        if let place = option.arguments.firstIndex(of: "domain"), place + 1 < option.arguments.count {
            route.set("probe", "name", DraftValue(option.arguments[place + 1], option.line))
            route.set("probe", "type", DraftValue("NS", option.line))
        }
    }

    /// Of `tls [CERT KEY] [CA]` the authority is carried over.
    private mutating func readTLS(_ option: CorefileDirective, into route: inout DraftRoute) {
        if option.arguments.count > 1 {
            notes.add(option.line, "certificates of clients are left out: servers are not shown any")
        }
        guard option.arguments.count != 2, let authority = option.arguments.last else { return }
        if route.servers.contains(where: { $0.text.hasPrefix("tls://") }) {
            route.set("tls", "ca", DraftValue(authority, option.line))
        }
    }
}
