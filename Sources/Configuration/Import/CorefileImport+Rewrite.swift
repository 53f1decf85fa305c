// The plugin `rewrite`: a suffix that becomes another is a cluster with its domain.

import DNSWire

extension CorefileImport {
    /// Reads a rewriting, on one line or in a block.
    mutating func readRewrite(_ directive: CorefileDirective, into block: inout ServerBlock) {
        var words = directive.arguments
        if let first = words.first, ["stop", "continue"].contains(first) { words.removeFirst() }
        // In a block the rule for questions comes first, and then that for answers, which is its reverse here.
        if words.isEmpty, let rule = directive.block.first(where: { $0.name != "answer" }) {
            words = [rule.name] + rule.arguments
        }
        guard words.count >= 4, words[0] == "name",
            let (from, to) = Self.suffixes(kind: words[1], words[2], words[3]),
            let zone = domain(from, directive.line), let domain = domain(to, directive.line)
        else {
            notes.add(
                directive.line,
                "this `rewrite` is left out: only a suffix that becomes another is, as a cluster with its domain"
            )
            return
        }
        block.mappings.append((zone, domain, directive.line))
    }

    /// The suffixes of `name suffix` and of a `name regex` that means the same.
    private static func suffixes(kind: String, _ from: String, _ to: String) -> (String, String)? {
        switch kind {
        case "suffix":
            guard from.hasPrefix("."), to.hasPrefix(".") else { return nil }
            return (String(from.dropFirst()), String(to.dropFirst()))
        case "regex":
            guard let from = suffix(ofPattern: from), let to = suffix(ofReplacement: to) else { return nil }
            return (from, to)
        default: return nil
        }
    }

    /// The domain of `(.*)\.east\.corp\.?`; nil for what means something else.
    private static func suffix(ofPattern pattern: String) -> String? {
        var rest = pattern[...]
        if rest.hasPrefix("^") { rest.removeFirst() }
        guard let group = ["(.*)", "(.+)", "(.*?)", "(.+?)"].first(where: { rest.hasPrefix("\($0)\\.") })
        else {
            return nil
        }
        rest.removeFirst(group.count + 2)
        if rest.hasSuffix("$") { rest.removeLast() }
        for end in ["\\.?", "\\.", "."] where rest.hasSuffix(end) {
            rest.removeLast(end.count)
            break
        }
        let labels = String(rest).replacing("\\.", with: ".")
        let isPlain = labels.utf8.allSatisfy { HostNameText.isLabel([$0]) || $0 == 0x2D || $0 == 0x2E }
        return isPlain && !labels.isEmpty ? labels : nil
    }

    private static func suffix(ofReplacement text: String) -> String? {
        guard text.hasPrefix("{1}."), !text.dropFirst(4).contains("{") else { return nil }
        return String(text.dropFirst(4))
    }
}
