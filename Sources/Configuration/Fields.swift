/// The values of a mapping by key, for the few keys that a mapping of ours has.
struct Fields {
    private var entries: [YAMLEntry] = []

    mutating func append(_ entry: YAMLEntry) { entries.append(entry) }

    /// The value of `key`; nil where there is none.
    subscript(key: String) -> YAMLNode? {
        for entry in entries where entry.key == key { return entry.value }
        return nil
    }
}
