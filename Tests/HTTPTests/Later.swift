import EventLoop
import Glibc
import HTTP
import Synchronization

/// Does things after a while.
enum Later {
    static func run(_ loop: EventLoop, afterMilliseconds delay: Int, _ body: @escaping () -> Void) {
        var timer: Timer?
        timer = try? Timer(loop) {
            body()
            timer = nil
        }
        timer?.schedule(afterMilliseconds: delay)
    }

    static func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
}

/// Tells another thread that something happened.
final class Flag: Sendable {
    private let isSet = Atomic<Bool>(false)

    func set() { isSet.store(true, ordering: .releasing) }

    /// Waits for ten seconds at most; false when it did not happen.
    func wait() -> Bool {
        for _ in 0..<1000 {
            if isSet.load(ordering: .acquiring) { return true }
            Later.pause(milliseconds: 10)
        }
        return false
    }
}
