import Testing

/// The list of metrics says what the code does, and their names follow the conventions.
@Suite struct MetricsTests {
    private static let families: [(name: String, kind: String, help: String)] = {
        let files = ["Counter+Family", "MetricFamily+All"].map { "Sources/Server/Metrics/\($0).swift" }
        let text = files.compactMap(Project.text).joined()
        let counters = text.matches(of: /\(\s*"(switchyard_\w+)",\s*"/).map { (String($0.1), "counter", "-") }
        let others = text.matches(of: /name:\s*"(\w+)",\s*kind:\s*\.(\w+),\s*help:\s*"([^"]*)"/)
            .map { (String($0.1), String($0.2), String($0.3)) }
        return counters + others
    }()

    @Test func theListHasExactlyTheMetricsOfTheCode() throws {
        let page = try #require(Project.text("docs/METRICS.md"))
        let listed = page.matches(of: /(?m)^\| `(\w+)` \| (\w+) \|/).map { "\($0.1) \($0.2)" }
        #expect(Set(listed) == Set(Self.families.map { "\($0.name) \($0.kind)" }))
        #expect(Set(listed).count == listed.count, "twice")
        #expect(listed.count > 60)
    }

    @Test func namesFollowTheConventions() {
        for family in Self.families {
            let isTotal = family.name.hasSuffix("_total")
            #expect(isTotal == (family.kind == "counter"), "\(family.name)")
            #expect(family.name.hasPrefix("switchyard_") || family.name.hasPrefix("process_"))
            #expect(!family.name.contains(/_(ms|milliseconds|microseconds|kb|mib)(_|$)/), "\(family.name)")
            #expect(!family.help.isEmpty)
            if family.kind == "histogram" { #expect(family.name.hasSuffix("_seconds")) }
        }
    }
}
