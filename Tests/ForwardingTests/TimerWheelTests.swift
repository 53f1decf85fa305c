import Testing

@testable import Forwarding

/// The wheel against a dictionary: nothing is early, nothing is late, nothing comes twice.
@Suite struct TimerWheelTests {
    @Test(arguments: [UInt64(1), 2, 3]) func firesWhatIsDueAndNothingElse(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now: UInt64 = 5_000_000
        var wheel = TimerWheel(now: now)
        var model: [Int: UInt64] = [:]
        var wrong = 0
        for _ in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4:
                let index = Int.random(in: 0..<200, using: &random)
                let time = now + UInt64.random(in: 0...5000, using: &random)
                wheel.set(index, at: time, now: now)
                model[index] = time
            case 5:
                let index = Int.random(in: 0..<200, using: &random)
                wheel.remove(index)
                model[index] = nil
            default:
                // Mostly small steps, at times a pause longer than the wheel.
                let isLong = Int.random(in: 0..<50, using: &random) == 0
                now += UInt64.random(in: 0...(isLong ? 20_000 : 20), using: &random)
                while let index = wheel.nextDue(now) {
                    let time = model.removeValue(forKey: index)
                    if time.map({ $0 > now }) ?? true { wrong += 1 }
                }
                if model.values.contains(where: { $0 + 2 * TimerWheel.tickMilliseconds <= now }) {
                    wrong += 1
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test func aTimerInThePastFiresWithTheNextTick() {
        var wheel = TimerWheel(now: 1000)
        wheel.set(3, at: 10, now: 1000)
        #expect(wheel.nextDue(1000) == nil)
        #expect(wheel.nextDue(1008) == 3)
        #expect(wheel.nextDue(100_000) == nil)
    }

    @Test func aTimerMayBeSetAgainAndTakenOff() {
        var wheel = TimerWheel(now: 0)
        wheel.set(0, at: 100, now: 0)
        wheel.set(0, at: 300, now: 0)
        #expect(wheel.nextDue(200) == nil)
        #expect(wheel.nextDue(304) == 0)
        wheel.set(0, at: 400, now: 304)
        wheel.remove(0)
        wheel.remove(0)
        wheel.remove(99)
        #expect(wheel.nextDue(10_000) == nil)
    }

    @Test func anEmptyWheelCatchesUp() {
        var wheel = TimerWheel(now: 0)
        wheel.set(0, at: 1_000_050, now: 1_000_000)
        #expect(wheel.nextDue(1_000_040) == nil)
        #expect(wheel.nextDue(1_000_056) == 0)
    }
}
