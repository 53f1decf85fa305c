/// A generator with a fixed seed (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    /// Numbers that come first.
    var script: [UInt64] = []

    init(seed: UInt64, script: [UInt64] = []) {
        state = seed
        self.script = script
    }

    mutating func next() -> UInt64 {
        if !script.isEmpty { return script.removeFirst() }
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
