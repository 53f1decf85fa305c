/// Where the keys of one mapping stand, to find those that it holds twice.
///
/// - Complexity: O(1) for each key. Most mappings have a few keys, which are compared one by one.
struct KeyPlaces {
    private static let fewKeys = 16

    private var few: [(key: String, position: Position)] = []
    private var many: [String: Position] = [:]

    /// Notes a key; the place where it stands already, if it does.
    mutating func add(_ key: String, at position: Position) -> Position? {
        guard many.isEmpty else { return addToMany(key, position) }
        for known in few where known.key == key { return known.position }
        if few.count < Self.fewKeys {
            few.append((key, position))
            return nil
        }
        for known in few { many[known.key] = known.position }
        return addToMany(key, position)
    }

    private mutating func addToMany(_ key: String, _ position: Position) -> Position? {
        if let first = many[key] { return first }
        many[key] = position
        return nil
    }
}
