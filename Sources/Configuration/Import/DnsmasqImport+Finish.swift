// What can be said of a dnsmasq.conf only when all of it is read.

import DNSWire
import PresentationFormat
import Routing

extension DnsmasqImport {
    mutating func finish() {
        finishListen()
        finishUpstream()
        finishExempt()
        draft.clusters = domains.clusters()
        finishSettings()
        if let first = otherServices.first {
            let count = otherServices.count
            notes.add(
                first,
                "DHCP, TFTP and router advertisements are left out, \(count) line\(count == 1 ? "" : "s") from here"
                    + " on; keep a server for them, such as dnsmasq with `port=0`"
            )
        }
        if usesHosts {
            notes.add(
                1,
                "/etc/hosts is left out, which dnsmasq reads where there is no `no-hosts`; its names go to `upstream`"
            )
        }
    }

    private mutating func finishListen() {
        if let interface {
            notes.add(interface, "`interface` is left out; write the addresses to listen on to `listen`")
        } else if draft.listen.isEmpty {
            draft.listen = ["0.0.0.0", "::"].map { DraftValue($0, port.line) }
        }
        if port.text == "0" {
            notes.add(port.line, "`port=0` turns DNS off in dnsmasq; it is left out")
            port = DraftValue("53", port.line)
        } else if port.text != "53", draft.listen.isEmpty {
            draft.listen = ["127.0.0.1", "::1"].map { DraftValue($0, port.line) }
        }
        draft.listen = draft.listen.map { value in
            let address = value.text.contains(":") ? "[\(value.text)]" : value.text
            return DraftValue("\(address):\(port.text)", value.line)
        }
    }

    private mutating func finishUpstream() {
        guard usesResolvConf else {
            if draft.upstream.servers.isEmpty {
                notes.add(
                    1,
                    "names outside of the domains have no servers; here those of /etc/resolv.conf are asked"
                )
            }
            return
        }
        if resolvConf.isEmpty, !draft.upstream.servers.isEmpty {
            notes.add(
                1,
                "/etc/resolv.conf is left out, because it may name this server itself;"
                    + " add it to `upstream.servers` if it does not"
            )
        }
        for file in resolvConf { draft.upstream.add(server: file) }
    }

    /// Gives domains below those with servers of their own to the default servers.
    private mutating func finishExempt() {
        for (domain, line) in exempt where domains.contain(domain) {
            let servers = draft.upstream.servers.filter { !$0.text.hasPrefix("/") }
            if servers.isEmpty {
                notes.add(
                    line,
                    "\(quoted(domain.presentation)) is left out; write it as a cluster with servers"
                )
            }
            for server in servers { domains.add(DraftValue(server.text, line), for: domain) }
        }
    }

    private mutating func finishSettings() {
        if let pending {
            draft.upstream.set("limits", "pending", pending)
            for i in draft.clusters.indices { draft.clusters[i].route.set("limits", "pending", pending) }
        }
        if let allServers {
            notes.add(
                allServers,
                "`all-servers` became `policy: fastest`, which asks one server; `hedge` asks a second one"
            )
        }
        // Without either, dnsmasq asks the server that answered first when it last asked all of them.
        guard strictOrder == nil || allServers != nil else { return }
        draft.upstream.preferFastest()
        for i in draft.clusters.indices { draft.clusters[i].route.preferFastest() }
    }
}
