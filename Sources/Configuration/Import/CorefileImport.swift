import DNSWire
import PresentationFormat
import Routing

/// Reads a Corefile of CoreDNS.
struct CorefileImport {
    /// A block of the file, as far as it is read.
    struct ServerBlock {
        var line: Int
        var zones: [DomainName] = []
        /// Ranges whose reverse names are zones, too.
        var ranges: [IPPrefix] = []
        var port: UInt16 = 53
        var addresses: [DraftValue] = []
        var forwards: [(from: DomainName, route: DraftRoute, exceptions: [DomainName], line: Int)] = []
        /// Zones and what clusters call them.
        var mappings: [(zone: DomainName, domain: DomainName, line: Int)] = []
    }

    var notes: ImportNotes
    var draft = ImportDraft()
    var domains = ImportedDomains()
    /// Domains that go to the default servers although they lie below others.
    var exempt: [(domain: DomainName, line: Int)] = []

    /// Makes a draft of the text of a file.
    static func read(_ text: String, _ notes: inout ImportNotes) -> ImportDraft {
        var parser = CorefileParser(text)
        let blocks = parser.blocks(&notes)
        var reader = CorefileImport(notes: notes)
        for block in blocks { reader.read(block) }
        reader.finish()
        notes = reader.notes
        return reader.draft
    }

    private mutating func read(_ source: CorefileDirective) {
        var block = ServerBlock(line: source.line)
        for key in [source.name] + source.arguments { read(key: key, into: &block) }
        for directive in source.block { read(directive, into: &block) }
        listen(block)
        add(block)
    }

    private mutating func read(_ directive: CorefileDirective, into block: inout ServerBlock) {
        switch directive.name {
        case "forward", "proxy": readForward(directive, into: &block)
        case "rewrite": readRewrite(directive, into: &block)
        case "cache": readCache(directive)
        case "prometheus": readMetrics(directive)
        case "acl": readAccess(directive, block)
        case "bind":
            block.addresses += directive.arguments.map { DraftValue($0, directive.line) }
        default:
            guard !CorefilePlugins.needless.contains(directive.name) else { return }
            let name = quoted(directive.name)
            if let reason = CorefilePlugins.reasons[directive.name] {
                notes.add(directive.line, "\(name) is left out: \(reason)")
            } else {
                notes.add(directive.line, "\(name) is no plugin that is known here; it is left out")
            }
        }
    }

    // MARK: - Keys

    /// Reads `zone:port`, a range, or a zone with a scheme.
    private mutating func read(key: String, into block: inout ServerBlock) {
        var rest = key[...]
        if let scheme = key.firstRange(of: "://") {
            rest = key[scheme.upperBound...]
            if key[..<scheme.lowerBound] != "dns" {
                notes.add(block.line, "\(quoted(key)) is served over UDP and TCP only")
            }
        }
        if let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0
        {
            block.port = port
            rest = rest[..<colon]
        }
        if let range = try? PrefixText.parse(String(rest), allowsAddress: false) {
            block.ranges.append(range)
        } else if let zone = domain(rest.isEmpty ? "." : String(rest), block.line) {
            block.zones.append(zone)
        }
    }

    private mutating func listen(_ block: ServerBlock) {
        let addresses =
            block.addresses.isEmpty ? ["0.0.0.0", "::"].map { DraftValue($0, block.line) } : block.addresses
        for value in addresses {
            let text = "\(value.text.contains(":") ? "[\(value.text)]" : value.text):\(block.port)"
            if !draft.listen.contains(where: { $0.text == text }) {
                draft.listen.append(DraftValue(text, value.line))
            }
        }
    }

    /// A domain name; nil with a note when the text is none.
    mutating func domain(_ text: String, _ line: Int) -> DomainName? {
        do throws(PresentationError) {
            return try DomainName(presentation: text)
        } catch {
            notes.add(line, "left out: \(error.message)")
            return nil
        }
    }

    // MARK: - Clusters

    /// Makes clusters of what a block forwards.
    private mutating func add(_ block: ServerBlock) {
        for mapping in block.mappings {
            guard let route = block.route(for: mapping.domain) ?? block.route(for: mapping.zone) else {
                notes.add(mapping.line, "\(quoted(mapping.zone.presentation)) has no servers; it is left out")
                continue
            }
            domains.add(route, for: mapping.zone, mappedTo: mapping.domain, line: mapping.line)
        }
        for forward in block.forwards {
            for zone in block.zones {
                let isInner = forward.from.isAtOrBelow(zone)
                let domain = isInner ? forward.from : zone
                guard isInner || zone.isAtOrBelow(forward.from) else { continue }
                add(forward.route, for: domain, block, forward.line)
            }
            for range in block.ranges where forward.from.isRoot {
                for server in forward.route.servers { domains.add(server, for: range) }
            }
            exempt += forward.exceptions.map { ($0, forward.line) }
        }
        if block.forwards.isEmpty {
            let zones = block.zones.map { quoted($0.presentation) }.joined(separator: ", ")
            notes.add(
                block.line,
                "\(zones) has no `forward`; write its servers as a cluster, or in `upstream`"
            )
        }
    }

    private mutating func add(_ route: DraftRoute, for domain: DomainName, _ block: ServerBlock, _ line: Int)
    {
        if domain.isRoot {
            draft.upstream.add(route)
        } else if !block.mappings.contains(where: { $0.zone == domain }) {
            domains.add(route, for: domain, line: line)
        }
    }

    private mutating func finish() {
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
        draft.clusters = domains.clusters()
    }
}

extension CorefileImport.ServerBlock {
    /// The servers that a name of these is forwarded to: those for the longest domain.
    fileprivate func route(for name: DomainName) -> DraftRoute? {
        forwards.filter { name.isAtOrBelow($0.from) }.max { $0.from.length < $1.from.length }?.route
    }
}
