import DNSWire

/// The scenarios by name.
public struct ScenarioCatalog {
    /// A scenario that can be made.
    public struct Entry: Sendable {
        public let name: String
        public let make: @Sendable () throws(ScenarioError) -> any Scenario

        init(_ name: String, _ make: @escaping @Sendable () throws(ScenarioError) -> any Scenario) {
            self.name = name
            self.make = make
        }
    }

    public static let entries: [Entry] = [
        Entry("hit") { () throws(ScenarioError) in try Hits.addresses() },
        Entry("miss") { () throws(ScenarioError) in
            MissScenario(try Harness(), domain: Harness.zone, upstreamDomain: Harness.domain)
        },
        Entry("response") { () throws(ScenarioError) in ResponseScenario(try Harness()) },
    ]

    public static func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }
}
