// The plugins `cache` and `acl`, whose keys are of the whole server here.

import DNSWire
import Routing

extension CorefileImport {
    /// Reads `cache [TTL]` and its options; of several the shortest times hold.
    mutating func readCache(_ directive: CorefileDirective) {
        var words = directive.arguments[...]
        if let ttl = words.first, UInt32(ttl) != nil {
            lower("maxTTL", "\(ttl)s", directive.line)
            words.removeFirst()
        }
        if !words.isEmpty {
            notes.add(
                directive.line,
                "there is one cache for all zones; that of some of them became its limits"
            )
        }
        for option in directive.block { readCacheOption(option) }
    }

    private mutating func readCacheOption(_ option: CorefileDirective) {
        let words = option.arguments
        switch option.name {
        case "success":
            if words.count > 1 { lower("maxTTL", "\(words[1])s", option.line) }
            if words.count > 2 { notes.add(option.line, "the shortest time is left out; see `cache.minTTL`") }
        case "denial":
            if words.count > 1 { lower("negativeTTL", "\(words[1])s", option.line) }
        case "serve_stale": lower("serveStale", words.first ?? "1h", option.line)
        // Popular answers are always refreshed, and failures always kept for a short time.
        case "prefetch", "servfail": break
        default: notes.add(option.line, "\(quoted(option.name)) of `cache` is left out")
        }
    }

    /// Sets a key, unless it has a shorter time already.
    private mutating func lower(_ key: String, _ text: String, _ line: Int) {
        guard let known = draft.cache.first(where: { $0.key == key })?.value else {
            draft.cache.append((key, DraftValue(text, line)))
            return
        }
        guard known.text != text else { return }
        let isShorter = Self.milliseconds(text) < Self.milliseconds(known.text)
        notes.add(
            isShorter ? known.line : line,
            "`cache.\(key)` is one for all zones; the shorter time holds"
        )
        guard isShorter else { return }
        draft.cache.removeAll { $0.key == key }
        draft.cache.append((key, DraftValue(text, line)))
    }

    private static func milliseconds(_ text: String) -> UInt64 {
        (try? DurationText.milliseconds(text)) ?? UInt64.max
    }

    /// Reads `prometheus [ADDRESS]`; without an address metrics are on loopback.
    mutating func readMetrics(_ directive: CorefileDirective) {
        let address = directive.arguments.first ?? "localhost:9153"
        let host = address.prefix { $0 != ":" }
        let text: String =
            switch host {
            case "": "0.0.0.0\(address)"
            case "localhost": "127.0.0.1\(address.dropFirst(host.count))"
            default: address
            }
        draft.adminListen = DraftValue(text, directive.line)
    }

    /// Reads a list of who is answered that ends with a rule for all others.
    mutating func readAccess(_ directive: CorefileDirective, _ block: ServerBlock) {
        let rules = directive.block
        let allowed = rules.dropLast()
        let isList =
            !allowed.isEmpty && allowed.allSatisfy { $0.name == "allow" && $0.arguments.first == "net" }
            && rules.last.map {
                ["block", "drop", "filter"].contains($0.name) && Self.isForAll($0.arguments)
            }
                ?? false
        guard isList, directive.arguments.isEmpty, block.zones.contains(where: \.isRoot) else {
            notes.add(
                directive.line,
                "this `acl` is left out: `access.allow` is one list of who is answered, for all names and types"
            )
            return
        }
        for rule in allowed {
            for range in rule.arguments.dropFirst() where !draft.allow.contains(where: { $0.text == range }) {
                draft.allow.append(DraftValue(range, rule.line))
            }
        }
    }

    private static func isForAll(_ words: [String]) -> Bool {
        words.isEmpty || words == ["net", "*"] || words == ["net", "0.0.0.0/0"]
            || words == ["net", "0.0.0.0/0", "::/0"]
    }
}
