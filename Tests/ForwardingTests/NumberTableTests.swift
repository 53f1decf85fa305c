import Testing

@testable import Forwarding

@Suite struct NumberTableTests {
    /// Against a dictionary: few keys, so that slots are shared, freed and used again all the time.
    @Test(arguments: [3, 20, 500])
    func agreesWithADictionary(_ keys: UInt64) {
        var table = NumberTable()
        var model: [UInt64: Int] = [:]
        var state: UInt64 = 42
        func random(_ limit: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % limit
        }
        for step in 0..<20_000 {
            let key = (random(keys) + 1) << (random(2) * 17)
            switch random(3) {
            case 0:
                table.remove(key)
                model[key] = nil
            default:
                table.set(key, step)
                model[key] = step
            }
            #expect(table.count == model.count)
            let asked = (random(keys) + 1) << 17
            #expect(table[asked] == model[asked])
        }
        for (key, number) in model { #expect(table[key] == number) }
    }

    /// Keys that all want the same slot, the last one of the table included, so that probing wraps around.
    @Test func keysOfOneSlotAreKeptApart() {
        var table = NumberTable()
        let inverse = (0..<6).reduce(UInt64(0x9E37_79B9_7F4A_7C15)) { x, _ in
            x &* (2 &- 0x9E37_79B9_7F4A_7C15 &* x)
        }
        let keys = (1...9).map { i in ((UInt64(i) << 48) | 63 << 32) &* inverse }
        for (i, key) in keys.enumerated() { table.set(key, i) }
        for i in [0, 4, 8, 1] { table.remove(keys[i]) }
        for (i, key) in keys.enumerated() { #expect(table[key] == ([0, 4, 8, 1].contains(i) ? nil : i)) }
    }

    @Test func aKeyThatIsNotThereIsNotTakenOut() {
        var table = NumberTable()
        table.set(7, 1)
        table.remove(8)
        #expect(table.count == 1)
        #expect(table[7] == 1)
        #expect(table[8] == nil)
        #expect(table[0] == nil)
    }

    @Test func zeroIsNoKey() async {
        await #expect(processExitsWith: .failure) {
            var table = NumberTable()
            table.set(0, 1)
        }
    }
}
