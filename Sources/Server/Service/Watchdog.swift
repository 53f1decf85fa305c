import EventLoop

/// Tells the service manager that the server lives, as long as every worker's loop turns.
///
/// On the control thread, so that its own loop is watched, too.
final class Watchdog {
    private let check: () -> Void
    private var timer: Timer?
    private let pause: Int

    /// Milliseconds between beats are at most a second; a busy machine may take longer.
    private static let ageMin: UInt64 = 3000

    /// - Parameters:
    ///   - milliseconds: what the manager waits for at most.
    ///   - ages: the milliseconds since the last beat of each worker that has not ended.
    init(
        _ loop: EventLoop,
        milliseconds: UInt64,
        ages: @escaping () -> [UInt64],
        alive: @escaping () -> Void
    ) throws(SystemError) {
        let limit = Self.limit(milliseconds)
        // Twice as often as the manager asks for, so that one late sign does not matter.
        pause = Int(clamping: max(1, milliseconds / 4))
        check = { if Self.areWell(ages(), limit: limit) { alive() } }
        timer = try Timer(loop) { [unowned self] in fire() }
        fire()
    }

    private func fire() {
        check()
        timer?.schedule(afterMilliseconds: pause)
    }

    /// The age of a beat, in milliseconds, above which a worker hangs.
    static func limit(_ milliseconds: UInt64) -> UInt64 { max(milliseconds / 2, ageMin) }

    /// Says whether no worker hangs.
    static func areWell(_ ages: [UInt64], limit: UInt64) -> Bool { ages.allSatisfy { $0 <= limit } }
}
