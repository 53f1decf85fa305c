import CSystem

/// Random numbers of the system's generator, fetched some at a time.
///
/// For what must not be guessed: message IDs, ports, the choice of a socket (RFC 5452 §9.2). One call of the system
/// per number would cost more than all else that is done with it. A number that was given out is wiped. Used on one
/// thread only.
public final class RandomPool: RandomNumberGenerator {
    private static let capacity = 32
    private var numbers = InlineArray<32, UInt64>(repeating: 0)
    private var remaining = 0

    public init() {}

    public func next() -> UInt64 {
        if remaining == 0 { refill() }
        remaining -= 1
        let number = numbers[remaining]
        numbers[remaining] = 0
        return number
    }

    private func refill() {
        var fresh = InlineArray<32, UInt64>(repeating: 0)
        var span = fresh.mutableSpan
        unsafe span.withUnsafeMutableBytes { unsafe csystem_random($0.baseAddress, $0.count) }
        numbers = fresh
        remaining = Self.capacity
    }
}
