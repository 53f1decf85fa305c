// What servers must not be, and the files that say more of them.

import DNSWire
import Routing

extension ConfigurationReader {
    /// Refuses servers that nothing can be sent to, or that are ourselves; notes host names for later.
    func check(_ server: ServerDefinition, at position: Position, file: String? = nil) -> Bool {
        let address: IPAddress
        switch server.host {
        case .name(let name):
            hostNames.append((name, position))
            return true
        case .address(let known): address = known
        }
        if address.isUnspecified {
            report(position, "\(address) is no server's address; write one", file: file)
            return false
        }
        let isOurs = listen.contains {
            $0.port == server.port
                && ($0.address == address
                    || $0.address.isUnspecified && address.isLoopback
                        && $0.address.isIPv4 == address.isIPv4)
        }
        if isOurs {
            let name = server.upstream.map { "\($0)" } ?? "\(address)"
            report(
                position,
                "\(name) is this server itself (see `listen`), so that queries would go in circles;"
                    + " name another server",
                file: file
            )
        }
        return !isOurs
    }

    /// The servers of a resolv.conf; its mistakes are reported with its own name and lines.
    ///
    /// A line that is not understood is passed over with a warning, as resolv.conf(5)'s other readers do, unless no server
    /// is left.
    func nameservers(_ path: String, at position: Position, advice: String) -> [ServerDefinition] {
        let text: String
        do throws(UnreadableFile) {
            text = try readFile(path)
        } catch {
            report(position, "cannot read \(path): \(error.reason); \(advice)")
            return []
        }
        let lines = ResolvConf.nameservers(text)
        if lines.isEmpty { report(position, "\(path) has no `nameserver` line; \(advice)") }
        var servers: [ServerDefinition] = []
        var mistakes: [(message: String, position: Position)] = []
        for line in lines {
            do throws(InvalidValue) {
                guard !line.address.hasPrefix("["), line.address.count(where: { $0 == ":" }) != 1 else {
                    throw InvalidValue("\(quoted(line.address)) is no plain IP address; remove the port")
                }
                let server = ServerDefinition(.address(try EndpointText.parse(line.address).address))
                if check(server, at: line.position, file: path) { servers.append(server) }
            } catch {
                mistakes.append((error.message, line.position))
            }
        }
        for (message, position) in mistakes {
            guard !servers.isEmpty else {
                report(position, message, file: path)
                continue
            }
            warnings.append(
                ConfigurationProblem(
                    file: path,
                    line: position.line,
                    column: position.column,
                    message: "\(message); the line is ignored"
                )
            )
        }
        return servers
    }

    /// Reads the path of a file of certificates, and looks into it.
    func authorities(_ node: YAMLNode) -> String? {
        let fields = fields(of: node, .tls)
        guard let file = fields["ca"] else {
            if case .mapping(let entries) = node.content, entries.isEmpty {
                report(
                    node.position,
                    "`tls` has no `ca`; add it, or remove `tls` to believe the system's authorities"
                )
            }
            return nil
        }
        return value(file, "ca") { (path) throws(InvalidValue) in
            let complaint = complaints[path] ?? complaint(aboutAuthorities: path)
            complaints[path] = .some(complaint)
            if let complaint { throw InvalidValue(complaint) }
            return path
        }
    }

    private func complaint(aboutAuthorities path: String) -> String? {
        guard path.hasPrefix("/") else {
            return "`ca` must be a path from the root, not \(quoted(path)); begin it with `/`"
        }
        do throws(UnreadableFile) {
            let lines = try readFile(path).utf8.split(separator: UInt8(ascii: "\n"))
            guard lines.contains(where: { $0.starts(with: "-----BEGIN CERTIFICATE-----".utf8) }) else {
                return
                    "\(quoted(path)) has no certificate; write a PEM file with `-----BEGIN CERTIFICATE-----`"
            }
            return nil
        } catch {
            return "cannot read \(quoted(path)): \(error.reason); \(error.advice)"
        }
    }
}
