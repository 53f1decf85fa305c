/// Where each of the keys seen so far stands first, to find those that are there twice.
///
/// - Complexity: O(1) for each key. The first few are compared one by one, because most lists and mappings hold
///   no more, and a hash table for each would cost more than all that is read from them.
struct FirstPlaces<Key: Hashable> {
    private var few: [(key: Key, position: Position)] = []
    private var many: [Key: Position] = [:]
    private let expected: Int

    /// Makes room for `expected` keys when there are more than a few.
    init(expecting expected: Int = 0) { self.expected = expected }

    /// Notes a key; returns the place where it stands already, if it does.
    mutating func add(_ key: Key, at position: Position) -> Position? {
        guard many.isEmpty else { return addToMany(key, position) }
        for known in few where known.key == key { return known.position }
        if few.count < ConfigurationLimits.keysWithoutHash {
            few.append((key, position))
            return nil
        }
        many.reserveCapacity(expected)
        for known in few { many[known.key] = known.position }
        return addToMany(key, position)
    }

    /// Where a key stands first; nil when it was not noted.
    func place(of key: Key) -> Position? {
        many.isEmpty ? few.first { $0.key == key }?.position : many[key]
    }

    private mutating func addToMany(_ key: Key, _ position: Position) -> Position? {
        if let first = many[key] { return first }
        many[key] = position
        return nil
    }
}
