import CacheTraces
import Testing

/// Which answers stay, against LRU and FIFO with as many entries, on short traces that are always the same.
@Suite struct HitRateTests {
    private static let names = 40_000
    private static let count = 80_000

    private func rates(_ shape: Trace.Shape) -> HitRates {
        HitRates(Trace("", shape, names: Self.names, count: Self.count), sizeBytes: 1 << 20)
    }

    @Test(arguments: [1.0, 0.8])
    func popularNamesAreFoundNoLessOftenThanWithLRU(exponent: Double) {
        let rates = rates(.zipf(exponent))
        #expect(rates.switchyard >= rates.lru - 0.005, "\(rates)")
        #expect(rates.switchyard >= rates.fifo, "\(rates)")
    }

    @Test(arguments: [1.0, 0.8])
    func oneTimeNamesPushOutLessThanWithLRU(exponent: Double) {
        let rates = rates(.zipfWithScan(exponent, oneTime: 0.5))
        #expect(rates.switchyard >= rates.lru + 0.01, "\(rates)")
        #expect(rates.switchyard >= rates.fifo + 0.03, "\(rates)")
    }

    @Test func aNewPopularSetIsLearntHardlySlowerThanWithLRU() {
        // Four times as many questions as there is room for follow the change, and nothing of the old set expires.
        let rates = rates(.zipfWithShift(1))
        #expect(rates.switchyard >= rates.lru - 0.03, "\(rates)")
    }

    @Test func aLoopThatDoesNotFitIsNotLostWhole() {
        let trace = Trace("", .loop, names: 10_500, count: Self.count)
        let rates = HitRates(trace, sizeBytes: 1 << 20)
        #expect(rates.capacity < trace.names)
        #expect(rates.lru == 0)
        #expect(rates.switchyard >= 0.3, "\(rates)")
    }
}
