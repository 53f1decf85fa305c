// Mappings, lists and single values, with their complaints.

extension ConfigurationReader {
    /// The values of a mapping by key; unknown keys and missing values are reported.
    func fields(of node: YAMLNode, _ section: Section) -> Fields {
        guard case .mapping(let entries) = node.content else {
            let keys = Suggestion.list(section.keys)
            report(
                node.position,
                "\(section.label) must be a mapping with the keys \(keys), not \(node.kind)"
            )
            return Fields()
        }
        let keys = section.keys
        var fields = Fields()
        for entry in entries {
            guard keys.contains(entry.key) else {
                reportUnknown(entry, section)
                continue
            }
            guard !entry.value.isNull else {
                report(entry.position, "`\(entry.key)` has no value; write one or remove the key")
                continue
            }
            fields.append(entry)
        }
        return fields
    }

    private func reportUnknown(_ entry: YAMLEntry, _ section: Section) {
        let key = quoted(entry.key)
        if let meant = Suggestion.nearest(to: entry.key, of: section.keys) {
            report(entry.position, "unknown key \(key) in \(section.label); did you mean `\(meant)`?")
        } else if case let others = Section.having(entry.key), !others.isEmpty {
            let places = others.map(\.label).joined(separator: " or ")
            report(entry.position, "\(key) does not belong in \(section.label); move it to \(places)")
        } else {
            let keys = Suggestion.list(section.keys)
            report(entry.position, "unknown key \(key) in \(section.label); the keys here are \(keys)")
        }
    }

    /// The elements of a list; what is no list, or empty where that makes no sense, is reported.
    func list(_ node: YAMLNode, _ key: String, allowsEmpty: Bool = false) -> [YAMLNode] {
        guard case .list(let elements) = node.content else {
            report(node.position, "`\(key)` must be a list, not \(node.kind); put its values in [ and ]")
            return []
        }
        if elements.isEmpty, !allowsEmpty {
            report(node.position, "`\(key)` is empty; add at least one value or remove the key")
        }
        return elements
    }

    /// The text of a single value, quoted or not; nil when it is none, which is reported.
    func text(_ node: YAMLNode, _ key: String) -> String? {
        guard case .scalar(let text, _) = node.content else {
            report(node.position, "`\(key)` must be a single value, not \(node.kind)")
            return nil
        }
        guard !node.isNull else {
            report(node.position, "a value of `\(key)` is missing; write one or remove its `-`")
            return nil
        }
        return text
    }

    /// The result of `parse`; what it throws is reported at the node.
    func value<Value>(
        _ node: YAMLNode,
        _ key: String,
        _ parse: (String) throws(InvalidValue) -> Value
    ) -> Value? {
        guard let text = text(node, key) else { return nil }
        do {
            return try parse(text)
        } catch {
            report(node.position, error.message)
            return nil
        }
    }

    /// A whole number without quotes.
    func integer(_ node: YAMLNode, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(node, key) else { return nil }
        let advice = "`\(key)` must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        if case .scalar(_, isPlain: false) = node.content {
            report(node.position, "\(advice); write it without quotes")
            return nil
        }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            report(node.position, "\(advice), not \(quoted(text))")
            return nil
        }
        return value
    }

    /// One of a few words.
    func choice<Choice>(_ node: YAMLNode, _ key: String) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = text(node, key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let unknown = "`\(key)` cannot be \(quoted(text))"
        if let meant = Suggestion.nearest(to: text, of: words) {
            report(node.position, "\(unknown); did you mean `\(meant)`?")
        } else {
            report(node.position, "\(unknown); write \(Suggestion.list(words, last: "or"))")
        }
        return nil
    }

    /// Yes or no, as YAML 1.2 writes it.
    func boolean(_ node: YAMLNode, _ key: String) -> Bool? {
        guard let text = text(node, key) else { return nil }
        if case .scalar(_, isPlain: true) = node.content, let value = Bool(text) { return value }
        report(node.position, "`\(key)` must be true or false without quotes, not \(quoted(text))")
        return nil
    }

    /// A time in milliseconds.
    func duration(_ node: YAMLNode, _ key: String, in range: ClosedRange<UInt64>) -> UInt64? {
        guard let milliseconds = value(node, key, DurationText.milliseconds) else { return nil }
        guard range.contains(milliseconds) else {
            let lowest = DurationText.text(milliseconds: range.lowerBound)
            let highest = DurationText.text(milliseconds: range.upperBound)
            report(node.position, "`\(key)` must be from \(lowest) to \(highest)")
            return nil
        }
        return milliseconds
    }

    /// A time that an answer is kept, in whole seconds.
    func ttl(_ node: YAMLNode, _ key: String) -> UInt32? {
        guard let seconds = value(node, key, DurationText.seconds) else { return nil }
        guard seconds <= ConfigurationLimits.ttlSeconds.upperBound else {
            report(node.position, "`\(key)` is above 7 days; write 7d or less")
            return nil
        }
        return UInt32(seconds)
    }

    /// The octets of the cache.
    func cacheSize(_ node: YAMLNode) -> Int? {
        guard let bytes = value(node, "size", SizeText.bytes) else { return nil }
        guard let size = Int(exactly: bytes), size == 0 || ConfigurationLimits.cacheBytes.contains(size)
        else {
            report(node.position, "`size` must be from 1MiB to 1TiB, or 0 for no cache")
            return nil
        }
        return size
    }
}
