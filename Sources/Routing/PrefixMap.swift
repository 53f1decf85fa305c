/// Values by address prefix, longest prefix first, flattened into disjoint ranges: a look-up is a binary search.
///
/// - Complexity: look-up O(log n) in the number of prefixes, no allocation; building O(n log n).
public struct PrefixMap: Sendable {
    // Ranges side by side: range i holds the addresses from starts[i] up to starts[i + 1]; value -1 is "none".
    private let starts: [UInt128]
    private let values: [Int32]

    /// Builds the map of one address family.
    ///
    /// Of equal prefixes the first wins.
    public init(_ entries: [(prefix: IPPrefix, value: Int32)]) {
        let sorted = entries.enumerated().sorted {
            let (a, b) = ($0.element.prefix, $1.element.prefix)
            if a.address.bits != b.address.bits { return a.address.bits < b.address.bits }
            if a.length != b.length { return a.length < b.length }
            return $0.offset > $1.offset
        }
        var starts: [UInt128] = [0]
        var values: [Int32] = [-1]
        func begin(_ start: UInt128, _ value: Int32) {
            if starts.last == start {
                values[values.count - 1] = value
                if values.count > 1, values[values.count - 2] == value {
                    starts.removeLast()
                    values.removeLast()
                }
            } else if values.last != value {
                starts.append(start)
                values.append(value)
            }
        }
        var open: [(end: UInt128, value: Int32)] = []
        func close(before start: UInt128?) {
            while let innermost = open.last, start.map({ innermost.end < $0 }) ?? true {
                open.removeLast()
                if innermost.end < UInt128.max { begin(innermost.end + 1, open.last?.value ?? -1) }
            }
        }
        for (_, entry) in sorted {
            let range = entry.prefix.range
            close(before: range.lowerBound)
            begin(range.lowerBound, entry.value)
            open.append((range.upperBound, entry.value))
        }
        close(before: nil)
        self.starts = starts
        self.values = values
    }

    /// The value of the longest prefix that holds `address`.
    public func value(at address: UInt128) -> Int32? {
        let value = values[index(of: address)]
        return value < 0 ? nil : value
    }

    /// The one value that every address from `low` to `high` has, or nil when they differ or have none.
    public func value(from low: UInt128, to high: UInt128) -> Int32? {
        let first = index(of: low)
        guard first == index(of: high), values[first] >= 0 else { return nil }
        return values[first]
    }

    /// Whether any address from `low` to `high` has a value.
    public func hasValue(from low: UInt128, to high: UInt128) -> Bool {
        var i = index(of: low)
        while i < starts.count, starts[i] <= high {
            if values[i] >= 0 { return true }
            i += 1
        }
        return false
    }

    private func index(of address: UInt128) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= address { low = middle } else { high = middle }
        }
        return low
    }
}

/// A set of addresses of both families.
public struct IPPrefixSet: Sendable {
    private let ipv4: PrefixMap
    private let ipv6: PrefixMap

    public init(_ prefixes: [IPPrefix]) {
        ipv4 = PrefixMap(prefixes.filter { $0.address.isIPv4 }.map { ($0, 0) })
        ipv6 = PrefixMap(prefixes.filter { !$0.address.isIPv4 }.map { ($0, 0) })
    }

    /// Whether `address`, or the IPv4 address that it maps, is in the set.
    public func contains(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        // A map chosen first and asked then would be copied, with reference counts.
        return address.isIPv4
            ? ipv4.value(at: address.bits) != nil : ipv6.value(at: address.bits) != nil
    }
}
