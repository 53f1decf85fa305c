import DNSWire
import Routing

/// Names of clients to names of a server and back.
final class MappingScenario: Scenario {
    private let mapping: NameMapping
    private var names: [DomainName] = []
    private var mapped: [DomainName] = []
    private var serial = 0

    init() throws(ScenarioError) {
        let routes = try RoutingTable.withClusters(["east"]).routes
        guard let mapping = routes[1].mapping else { throw ScenarioError("the route maps no names") }
        self.mapping = mapping
        names.reserveCapacity(batchSize)
        mapped.reserveCapacity(2 * batchSize)
    }

    func prepare(_ count: Int) {
        names.removeAll(keepingCapacity: true)
        mapped.removeAll(keepingCapacity: true)
        for offset in 0..<count {
            names.append(DomainName(Messages.service(serial + offset, in: Harness.zone)) ?? DomainName())
        }
    }

    func run(_ count: Int) -> UInt64 {
        var checksum: UInt64 = 0
        for index in 0..<count {
            guard let asked = mapping.upstreamName(names[index]), let back = mapping.clientName(asked) else {
                return 0
            }
            mapped.append(asked)
            mapped.append(back)
            checksum = checksum &* 31 &+ UInt64(asked.length)
        }
        return checksum
    }

    func check(_ count: Int) throws(ScenarioError) {
        guard mapped.count == 2 * count else { throw ScenarioError("a name was not mapped") }
        for index in 0..<count {
            let asked = MessageOctets.name(Messages.service(serial + index, in: Harness.domain))
            let back = MessageOctets.name(Messages.service(serial + index, in: Harness.zone))
            let got = [mapped[2 * index].bytes.toArray(), mapped[2 * index + 1].bytes.toArray()]
            guard got == [asked, back] else { throw ScenarioError("mapped \(back) to \(got)") }
        }
        serial += count
    }
}
