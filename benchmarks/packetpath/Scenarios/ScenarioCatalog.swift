import DNSWire

/// The scenarios by name.
public enum ScenarioCatalog {
    public static let entries: [Entry] = [
        Entry("hit") { () throws(ScenarioError) in try Hits.addresses() },
        Entry("hit-dnssec-ok") { () throws(ScenarioError) in try Hits.addresses(dnssecOK: true) },
        Entry("hit-nxdomain") { () throws(ScenarioError) in try Hits.denials(.nxDomain) },
        Entry("hit-nodata") { () throws(ScenarioError) in try Hits.denials(.noError) },
        Entry("hit-1200") { () throws(ScenarioError) in try Hits.long() },
        Entry("hit-rotated") { () throws(ScenarioError) in try Hits.rotatedAddresses() },
        Entry("local") { () throws(ScenarioError) in try LocalAnswers.unknownClusters() },
        Entry("miss") { () throws(ScenarioError) in
            MissScenario(try Harness(), domain: Harness.zone, upstreamDomain: Harness.domain)
        },
        Entry("miss-default") { () throws(ScenarioError) in
            MissScenario(try Harness(), domain: "example.org", upstreamDomain: "example.org")
        },
        Entry("response") { () throws(ScenarioError) in ResponseScenario(try Harness()) },
        Entry("tcp") { () throws(ScenarioError) in try Hits.addressesOverTCP() },
        Entry("parse") { () throws(ScenarioError) in ParseScenario() },
        Entry("route-10") { () throws(ScenarioError) in try RouteScenario(clusters: 10) },
        Entry("route-1000") { () throws(ScenarioError) in try RouteScenario(clusters: 1000) },
        Entry("route-10000") { () throws(ScenarioError) in try RouteScenario(clusters: 10_000) },
        Entry("route-100000") { () throws(ScenarioError) in try RouteScenario(clusters: 100_000) },
        Entry("map") { () throws(ScenarioError) in try MappingScenario() },
        Entry("insert") { () throws(ScenarioError) in try InsertScenario(isFull: false) },
        Entry("evict") { () throws(ScenarioError) in try InsertScenario(isFull: true) },
    ]

    /// A scenario that can be made.
    public struct Entry: Sendable {
        public let name: String
        public let make: @Sendable () throws(ScenarioError) -> any Scenario

        init(_ name: String, _ make: @escaping @Sendable () throws(ScenarioError) -> any Scenario) {
            self.name = name
            self.make = make
        }
    }

    /// The scenario of a name; nil when there is none.
    public static func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }
}
