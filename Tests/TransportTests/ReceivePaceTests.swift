import Testing

@testable import Transport

@Suite struct ReceivePaceTests {
    /// The pauses after batches of `count` that come every `interval` nanoseconds.
    private func pauses(
        _ pace: inout ReceivePace,
        count: Int,
        every interval: UInt64,
        from start: UInt64
    ) -> [UInt64] {
        (0..<100).map { pace.pause(after: count, at: start + $0 * interval) }
    }

    @Test(arguments: [(1, 25_100), (1, 1_000_000), (4, 120_000), (64, 1_700_000)] as [(Int, UInt64)])
    func fewDatagramsNeverWait(count: Int, interval: UInt64) {
        var pace = ReceivePace()
        #expect(pauses(&pace, count: count, every: interval, from: 1_000_000_000).allSatisfy { $0 == 0 })
    }

    @Test func manyDatagramsWaitForCompany() {
        var pace = ReceivePace()
        let pauses = pauses(&pace, count: 6, every: 60_000, from: 1_000_000_000)
        #expect(pauses.first == 0, "one batch is no rate")
        #expect(pauses.last == TransportLimits.gatherNanosecondsMax)
    }

    @Test func atTheHighestRatesAPauseIsShorter() throws {
        var pace = ReceivePace()
        let last = try #require(pauses(&pace, count: 30, every: 60_000, from: 1_000_000_000).last)
        #expect((30_000...40_000).contains(last), "16 datagrams at 2 us")
    }

    @Test(arguments: [1, 6, 63])
    func nothingWaitsLongerThanTheLimit(count: Int) {
        var pace = ReceivePace()
        for place in UInt64(0)..<200 {
            let start = (place + 1) * 1_000_000_000
            let pauses = pauses(&pace, count: count, every: place * 10_000, from: start)
            #expect(pauses.allSatisfy { $0 <= TransportLimits.gatherNanosecondsMax })
        }
    }

    @Test func theFirstDatagramAfterASilenceDoesNotWait() {
        var pace = ReceivePace()
        _ = pauses(&pace, count: 6, every: 60_000, from: 1_000_000_000)
        #expect(pace.pause(after: 1, at: 2_000_000_000) == 0)
    }
}
