import Testing

@testable import Metrics

/// Counters in rows, and histograms of them.
@Suite struct HistogramTests {
    @Test func rowsAreApartAndBeginAtZero() {
        let table = CounterTable(rows: 100_000)
        table.add(row: 99_999, place: 31)
        table.add(5, row: 0, place: 0)
        #expect(table.value(row: 99_999, place: 31) == 1)
        #expect(table.value(row: 0, place: 0) == 5)
        #expect(table.value(row: 50_000, place: 0) == 0)
    }

    @Test func whatIsBeyondTheTableCountsInRowZero() {
        let table = CounterTable(rows: 2)
        table.add(row: 2, place: 3)
        table.add(row: 1_000_000, place: 3)
        #expect(table.value(row: 0, place: 3) == 2)
        #expect(table.value(row: 1, place: 3) == 0)
    }

    @Test(arguments: [(0, 0), (10, 0), (11, 1), (1000, 4), (1001, 5), (5_000_000, 11), (5_000_001, 12)])
    func aTimeIsInTheFirstClassThatHoldsIt(time: UInt64, place: Int) {
        let table = CounterTable(rows: 1)
        table.observe(microseconds: time, row: 0, at: 16)
        var histogram = Histogram()
        histogram.add(table, row: 0, at: 16)
        #expect(histogram.counts.indices.filter { histogram.counts[$0] > 0 } == [place])
        #expect(histogram.sumMicroseconds == time)
        #expect(histogram.count == 1)
    }

    @Test func percentilesAreInTheirClass() {
        let table = CounterTable(rows: 1)
        table.observe(microseconds: 40, count: 90, row: 0, at: 0)
        table.observe(microseconds: 40_000, count: 10, row: 0, at: 0)
        var histogram = Histogram()
        #expect(histogram.percentileMicroseconds(0.5) == nil)
        histogram.add(table, row: 0, at: 0)
        let half = histogram.percentileMicroseconds(0.5) ?? 0
        #expect(half > 10 && half <= 50)
        let last = histogram.percentileMicroseconds(0.99) ?? 0
        #expect(last > 10_000 && last <= 50_000)
    }

    @Test func whatIsAboveTheLastBoundIsThatBound() {
        let table = CounterTable(rows: 1)
        table.observe(microseconds: 60_000_000, row: 0, at: 0)
        var histogram = Histogram()
        histogram.add(table, row: 0, at: 0)
        #expect(histogram.percentileMicroseconds(0.5) == 5_000_000)
    }

    @Test func aHistogramFitsIntoItsRow() {
        #expect(Latency.length == Latency.boundsMicroseconds.count + 2)
        #expect(RouteCounter.missLatency + Latency.length <= CounterTable.rowLength)
        #expect(UpstreamCounter.roundTrip + Latency.length <= CounterTable.rowLength)
        #expect(UpstreamCounter.failures + UpstreamFailureReason.allCases.count <= UpstreamCounter.roundTrip)
        #expect(WorkerValue.hitLatency + Latency.length <= WorkerValue.connectionsAccepted.rawValue)
        #expect(WorkerValue.allCases.allSatisfy { $0.rawValue < CounterTable.rowLength })
        #expect(RouteCounter.codeCount * 2 <= RouteCounter.hits)
        #expect(Counter.allCases.count <= 64)
    }
}
