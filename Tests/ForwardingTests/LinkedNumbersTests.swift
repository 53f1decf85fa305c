import Testing

@testable import Forwarding

@Suite struct LinkedNumbersTests {
    /// Against arrays: three lists, whose numbers come and go at random.
    @Test func agreesWithArrays() {
        var numbers = LinkedNumbers()
        var firsts: [Int?] = [nil, nil, nil]
        var model: [[Int]] = [[], [], []]
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let number = Int.random(in: 0..<40, using: &generator)
            if let list = model.firstIndex(where: { $0.contains(number) }) {
                let next = numbers.remove(number)
                if firsts[list] == number { firsts[list] = next }
                if model[list].count == 1 { #expect(next == nil) }
                model[list].removeAll { $0 == number }
            } else {
                let list = Int.random(in: 0..<3, using: &generator)
                numbers.append(number, to: firsts[list])
                firsts[list] = firsts[list] ?? number
                model[list].append(number)
            }
            for list in 0..<3 { #expect(numbers.list(firsts[list]) == model[list]) }
        }
    }
}
