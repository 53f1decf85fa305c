import Scenarios

/// One object and one more reference to it per operation, to see that both are counted.
final class ControlScenario: Scenario {
    private final class Node {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    private var first: Node?
    private var second: Node?

    func prepare(_ count: Int) {}

    func run(_ count: Int) -> UInt64 {
        for number in 0..<count {
            first = nil
            second = nil
            let node = Node(number)
            first = node
            second = node
        }
        return UInt64(count)
    }

    func check(_ count: Int) throws(ScenarioError) {
        guard first === second, first?.number == count - 1 else { throw ScenarioError("the object is wrong") }
    }
}
