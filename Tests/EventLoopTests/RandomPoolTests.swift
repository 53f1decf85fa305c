import EventLoop
import Testing

@Suite struct RandomPoolTests {
    /// 1,000 numbers of 64 bits: an equal pair comes once in 3 * 10^13 runs.
    @Test func numbersDoNotRepeat() {
        let pool = RandomPool()
        #expect(Set((0..<1000).map { _ in pool.next() }).count == 1000)
    }

    @Test func twoPoolsAreDifferent() {
        let first = RandomPool()
        let second = RandomPool()
        #expect((0..<32).map { _ in first.next() } != (0..<32).map { _ in second.next() })
    }

    @Test func noNumberIsLeftBlank() {
        let pool = RandomPool()
        #expect((0..<320).allSatisfy { _ in pool.next() != 0 })
    }
}
