import EventLoop
import Testing

@Suite struct TimerTests {
    @Test func timersFireInTheOrderOfTheirTimes() throws {
        let loop = try EventLoop()
        var order: [Int] = []
        let late = try Timer(loop) {
            order.append(3)
            loop.stop()
        }
        let early = try Timer(loop) { order.append(1) }
        let middle = try Timer(loop) { order.append(2) }
        late.schedule(afterMilliseconds: 60)
        middle.schedule(afterMilliseconds: 30)
        early.schedule(afterMilliseconds: 0)
        try runBounded(loop)
        #expect(order == [1, 2, 3])
    }

    @Test func timerDoesNotFireBeforeItsTime() throws {
        let loop = try EventLoop()
        let begin = MonotonicClock.nanoseconds()
        var fired: UInt64 = 0
        let timer = try Timer(loop) {
            fired = MonotonicClock.nanoseconds()
            loop.stop()
        }
        timer.schedule(afterMilliseconds: 50)
        try runBounded(loop)
        // One tick of the coarse clock may be missing: 10 ms at the lowest tick rate of Linux.
        #expect(fired - begin >= 40_000_000)
    }

    @Test func cancelledTimerDoesNotFire() throws {
        let loop = try EventLoop()
        var fired = false
        let cancelled = try Timer(loop) { fired = true }
        let end = try Timer(loop) { loop.stop() }
        cancelled.schedule(afterMilliseconds: 1)
        #expect(cancelled.isScheduled)
        cancelled.cancel()
        #expect(!cancelled.isScheduled)
        end.schedule(afterMilliseconds: 30)
        try runBounded(loop)
        #expect(!fired)
    }

    @Test func schedulingAgainReplacesTheTime() throws {
        let loop = try EventLoop()
        var calls = 0
        let timer = try Timer(loop) { calls += 1 }
        let end = try Timer(loop) { loop.stop() }
        timer.schedule(afterMilliseconds: 1)
        timer.schedule(afterMilliseconds: 20)
        end.schedule(afterMilliseconds: 60)
        try runBounded(loop)
        #expect(calls == 1)
    }

    @Test func releasedTimerDoesNotFire() throws {
        let loop = try EventLoop()
        var fired = false
        var timer: Timer? = try Timer(loop) { fired = true }
        timer?.schedule(afterMilliseconds: 0)
        timer = nil
        let end = try Timer(loop) { loop.stop() }
        end.schedule(afterMilliseconds: 20)
        try runBounded(loop)
        #expect(!fired)
    }

    @Test func timerMayReleaseItselfInItsBody() throws {
        let loop = try EventLoop()
        var timer: Timer?
        timer = try Timer(loop) {
            timer = nil
            loop.stop()
        }
        timer?.schedule(afterMilliseconds: 0)
        try runBounded(loop)
        #expect(timer == nil)
    }

    @Test func deferredRunsOnceAfterWhatIsReady() throws {
        let loop = try EventLoop()
        var order: [String] = []
        let deferred = try Deferred(loop) { order.append("deferred") }
        let first = try Timer(loop) {
            deferred.schedule()
            deferred.schedule()
            order.append("first")
        }
        let second = try Timer(loop) { order.append("second") }
        let end = try Timer(loop) { loop.stop() }
        first.schedule(afterMilliseconds: 0)
        second.schedule(afterMilliseconds: 0)
        end.schedule(afterMilliseconds: 30)
        try runBounded(loop)
        #expect(order == ["first", "second", "deferred"])
    }
}
