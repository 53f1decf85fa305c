import Metrics
import Testing

@testable import Server

/// The text format of Prometheus.
@Suite struct MetricsTextTests {
    private func text(_ body: (inout MetricsText) -> Void) -> String {
        var text = MetricsText()
        body(&text)
        return String(decoding: text.octets, as: UTF8.self)
    }

    @Test func aLabelEndsNowhereButAtItsEnd() {
        #expect(MetricsText.label("route", "a\"b\\c\nd") == "route=\"a\\\"b\\\\c\\nd\"")
    }

    @Test func bucketsAreSummedUp() {
        let table = CounterTable(rows: 1)
        for time: UInt64 in [5, 20, 6_000_000] { table.observe(microseconds: time, row: 0, at: 0) }
        var histogram = Histogram()
        histogram.add(table, row: 0, at: 0)
        let lines = text { $0.histogram("t_seconds", "route=\"x\"", histogram) }.split(separator: "\n")
        #expect(lines.first == "t_seconds_bucket{route=\"x\",le=\"1e-05\"} 1")
        #expect(lines[1] == "t_seconds_bucket{route=\"x\",le=\"5e-05\"} 2")
        #expect(lines.contains("t_seconds_bucket{route=\"x\",le=\"+Inf\"} 3"))
        #expect(lines.last == "t_seconds_count{route=\"x\"} 3")
    }

    @Test func eachCounterHasANameOfItsOwnThatEndsWithTotal() {
        let names = Counter.allCases.map { "\($0.metric.name){\($0.metric.label)}" }
        #expect(Set(names).count == names.count)
        #expect(Counter.allCases.allSatisfy { $0.metric.name.hasSuffix("_total") })
        #expect(Counter.allCases.allSatisfy { $0.metric.help.hasSuffix(".") })
    }
}

/// Whom the loopback port lets read.
@Suite struct HostHeaderTests {
    @Test(arguments: ["localhost", "LocalHost:80", "127.0.0.1", "10.0.0.1:9153", "[::1]:9153", "[::1]"])
    func ownNamesAreTaken(host: String) { #expect(HostHeader.isLocal(host)) }

    @Test(arguments: ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil", "[evil]", ":80"])
    func othersAreNot(host: String) { #expect(!HostHeader.isLocal(host)) }
}
