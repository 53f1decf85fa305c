import DNSWire
import Routing

/// Finding the route of names of a thousand clusters, or of all where there are fewer.
final class RouteScenario: Scenario {
    private let table: RoutingTable
    private var names: MessageSlots
    /// The routes of the names.
    private let expected: [RouteID]
    private var decisions: [RoutingDecision] = []
    private var first = 0

    /// - Parameter clusters: how many clusters there are in all.
    init(clusters: Int) throws(ScenarioError) {
        let labels = (0..<clusters).map { "cluster\($0)" }
        table = try RoutingTable.withClusters(labels)
        let asked = min(clusters, 1000)
        names = MessageSlots(count: asked, octets: 128)
        var generator = SeededGenerator(seed: 1)
        var expected: [RouteID] = []
        for slot in 0..<asked {
            let cluster = Int.random(in: 0..<clusters, using: &generator)
            let name = MessageOctets.name(
                Messages.service(slot, in: "\(labels[cluster]).\(Harness.parent)")
            )
            names.store(name.wireBytes, in: slot)
            expected.append(RouteID(rawValue: Int32(cluster + 1)))
        }
        self.expected = expected
        decisions.reserveCapacity(batchSize)
    }

    func prepare(_ count: Int) { decisions.removeAll(keepingCapacity: true) }

    func run(_ count: Int) -> UInt64 { Self.run(table, names, first, count, &decisions) }

    private static func run(
        _ table: RoutingTable,
        _ names: borrowing MessageSlots,
        _ first: Int,
        _ count: Int,
        _ decisions: inout [RoutingDecision]
    ) -> UInt64 {
        var index = first
        for _ in 0..<count {
            decisions.append(table.decide(names.message(index), .a))
            index = index + 1 == names.count ? 0 : index + 1
        }
        return UInt64(decisions.count)
    }

    func check(_ count: Int) throws(ScenarioError) {
        for (slot, decision) in decisions.enumerated() {
            let route = expected[(first + slot) % expected.count]
            guard decision == .forward(route) else { throw ScenarioError("\(decision), not \(route)") }
        }
        first = (first + count) % expected.count
    }
}
