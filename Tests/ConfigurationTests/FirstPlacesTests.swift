import Synchronization
import Testing

@testable import Configuration

@Suite struct FirstPlacesTests {
    @Test(arguments: [1, 8, 9, 40])
    func aKeyIsNewOnceAndThenHasItsFirstPlace(count: Int) {
        var places = FirstPlaces<Int>()
        for key in 0..<count { #expect(places.add(key, at: Position(line: key, column: 1)) == nil) }
        for key in 0..<count {
            let first = Position(line: key, column: 1)
            #expect(places.add(key, at: Position(line: 99, column: 9)) == first)
            #expect(places.add(key, at: Position(line: 100, column: 9)) == first)
        }
        #expect(places.add(count, at: Position(line: 5, column: 5)) == nil)
    }

    @Test func keysAreNotComparedWithAllOthers() {
        var places = FirstPlaces<CountingKey>()
        let keys = 10_000
        let comparisons = Counter()
        for i in 0..<keys {
            _ = places.add(CountingKey(value: i, comparisons: comparisons), at: Position(line: i, column: 1))
        }
        let again = CountingKey(value: 17, comparisons: comparisons)
        #expect(places.add(again, at: Position(line: 1, column: 1)) == Position(line: 17, column: 1))
        // Some keys meet in the hash table; comparing each with all others would be 50,000,000.
        #expect(comparisons.value.load(ordering: .relaxed) < 20 * keys)
    }
}

private final class Counter: Sendable {
    let value = Atomic(0)
}

/// A key that counts how often it is compared.
private struct CountingKey: Hashable {
    let value: Int
    let comparisons: Counter

    static func == (left: CountingKey, right: CountingKey) -> Bool {
        left.comparisons.value.add(1, ordering: .relaxed)
        return left.value == right.value
    }

    func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
