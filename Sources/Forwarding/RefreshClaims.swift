import Synchronization

/// Which answers are being asked for anew, so that of all workers one does it.
///
/// A fixed number of places by hash, and who comes later takes a place over: at worst, two workers ask for the same.
/// Any thread.
final class RefreshClaims: Sendable {
    /// A part of the hash in the upper 24 bits; below, milliseconds until which the claim holds.
    private let words = InlineArray<1024, Atomic<UInt64>> { _ in Atomic(0) }

    private static let timeMask: UInt64 = 0xFF_FFFF_FFFF

    /// Claims an answer for as long as a failure would be remembered; false when it is claimed already.
    func take(_ hash: UInt64, now: UInt64) -> Bool {
        let place = Int(truncatingIfNeeded: hash & 1023)
        let word = words[place].load(ordering: .relaxed)
        if Self.isClaim(word, of: hash), word & Self.timeMask > now & Self.timeMask { return false }
        let until = now + UInt64(ForwardingLimits.failureSeconds) * 1000
        let claim = hash & ~Self.timeMask | until & Self.timeMask
        return words[place].compareExchange(expected: word, desired: claim, ordering: .relaxed).exchanged
    }

    /// Ends a claim before its time: the answer has been renewed.
    func release(_ hash: UInt64) {
        let place = Int(truncatingIfNeeded: hash & 1023)
        let word = words[place].load(ordering: .relaxed)
        guard Self.isClaim(word, of: hash) else { return }
        _ = words[place].compareExchange(expected: word, desired: 0, ordering: .relaxed)
    }

    private static func isClaim(_ word: UInt64, of hash: UInt64) -> Bool {
        word & ~timeMask == hash & ~timeMask
    }
}
