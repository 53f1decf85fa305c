// Servers of dnsmasq: /domain/domain/address#port@source.

import DNSWire
import PresentationFormat
import Routing

extension DnsmasqImport {
    /// Reads `server` and `local`.
    mutating func readServer(_ line: DnsmasqLine) {
        guard line.value.hasPrefix("/") else {
            if let server = server(line.value, line.number) { draft.upstream.add(server: server) }
            return
        }
        var parts = line.value.dropFirst().parts(by: "/")
        let target = parts.removeLast()
        guard !parts.isEmpty else {
            notes.add(
                line.number,
                "\(quoted(String(line.value))) has no slash behind its domain; it is left out"
            )
            return
        }
        for part in parts { readDomain(part, target, line) }
    }

    private mutating func readDomain(_ text: Substring, _ target: Substring, _ line: DnsmasqLine) {
        guard !text.isEmpty else {
            notes.add(
                line.number,
                "names of one label have no servers of their own here; they go to `upstream` like all others"
            )
            return
        }
        guard let domain = domain(text, line.number) else { return }
        switch target {
        case "": leaveOutLocal(domain, line.number)
        case "#": exempt.append((domain, line.number))
        default:
            if let server = server(target, line.number) { domains.add(server, for: domain) }
        }
    }

    /// Reads `rev-server`: a range and its server.
    mutating func readReverseServer(_ line: DnsmasqLine) {
        let parts = line.value.parts(by: ",")
        guard let range = range(parts[0], line.number) else { return }
        for target in parts.dropFirst() where !target.isEmpty && target != "#" {
            if let server = server(target, line.number) { domains.add(server, for: range) }
        }
        if !parts.dropFirst().contains(where: { !$0.isEmpty }), let domain = ReverseDomain.domain(of: range) {
            leaveOutLocal(domain, line.number)
        }
    }

    private mutating func range(_ text: Substring, _ line: Int) -> IPPrefix? {
        do throws(InvalidValue) {
            return try PrefixText.parse(String(text), allowsAddress: true)
        } catch {
            notes.add(line, "left out: \(error.message)")
            return nil
        }
    }

    private mutating func domain(_ text: Substring, _ line: Int) -> DomainName? {
        guard !text.contains("*") else {
            notes.add(line, "\(quoted(String(text))) is a pattern; list the domains that it stands for")
            return nil
        }
        do throws(PresentationError) {
            let domain = try DomainName(presentation: String(text.drop { $0 == "." }))
            guard domain.isRoot else { return domain }
            notes.add(line, "left out: the root is no domain of a server; write it without slashes")
        } catch {
            notes.add(line, "left out: \(error.message)")
        }
        return nil
    }

    /// Names that dnsmasq answers from its own records only; those that never leave this server, either, are fine.
    private mutating func leaveOutLocal(_ domain: DomainName, _ line: Int) {
        let isPrivate = ReverseDomain.prefix(of: domain).map(SpecialUseNames.contain) ?? false
        guard !isPrivate, !SpecialUseNames.contain(domain) else { return }
        notes.add(
            line,
            "names below \(quoted(domain.presentation)) would be asked nowhere; here they go to `upstream`"
        )
    }

    /// Reads an address or host name with `#port`, `@interface` and `@source`.
    private mutating func server(_ text: Substring, _ line: Int) -> DraftValue? {
        let parts = text.parts(by: "@")
        if parts.count > 1 {
            let source = quoted("@" + parts.dropFirst().joined(separator: "@"))
            notes.add(line, "\(source) is left out: the system chooses where queries come from")
        }
        let pieces = parts[0].split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = pieces.first, !host.isEmpty else {
            notes.add(line, "\(quoted(String(text))) has no address; it is left out")
            return nil
        }
        let port = pieces.count > 1 ? String(pieces[1]) : "53"
        guard let address = IPAddress(text: host)?.unmapped else {
            return DraftValue(port == "53" ? String(host) : "\(host):\(port)", line)
        }
        let name = address.isIPv4 || port == "53" ? "\(address)" : "[\(address)]"
        return DraftValue(port == "53" ? name : "\(name):\(port)", line)
    }
}
