/// When pending queries want to be looked at: a wheel of 8 ms ticks.
///
/// Setting and removing cost the same for any number of timers.
struct TimerWheel {
    static let tickMilliseconds: UInt64 = 8
    /// 1,024 ticks are 8.2 s, more than twice the deadline of a query.
    private static let ticks = 1024

    private struct Node {
        var next: Int32 = -1
        var previous: Int32 = -1
        var bucket: Int32 = -1
    }

    private var heads = [Int32](repeating: -1, count: TimerWheel.ticks)
    private var nodes: [Node] = []
    private var lastTick: UInt64
    private var count = 0

    init(now: UInt64) { lastTick = now / Self.tickMilliseconds }

    /// Sets the timer of `index` to the first tick at or after `time`, in place of what it was set to.
    mutating func set(_ index: Int, at time: UInt64, now: UInt64) {
        while nodes.count <= index { nodes.append(Node()) }
        remove(index)
        // An empty wheel is not turned; it catches up here.
        if count == 0 { lastTick = max(lastTick, now / Self.tickMilliseconds) }
        count += 1
        let wanted = (time + Self.tickMilliseconds - 1) / Self.tickMilliseconds
        let tick = min(max(wanted, lastTick + 1), lastTick + UInt64(Self.ticks) - 1)
        let bucket = Int(tick % UInt64(Self.ticks))
        nodes[index] = Node(next: heads[bucket], previous: -1, bucket: Int32(bucket))
        if heads[bucket] >= 0 { nodes[Int(heads[bucket])].previous = Int32(index) }
        heads[bucket] = Int32(index)
    }

    /// Takes the timer of `index` off, if it is set.
    mutating func remove(_ index: Int) {
        guard index < nodes.count, nodes[index].bucket >= 0 else { return }
        let node = nodes[index]
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            heads[Int(node.bucket)] = node.next
        }
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
        nodes[index].bucket = -1
        count -= 1
    }

    /// Takes off the next timer that is due, or returns nil when none is.
    mutating func nextDue(_ now: UInt64) -> Int? {
        let tick = now / Self.tickMilliseconds
        // After a long pause one round visits every bucket.
        if tick > lastTick + UInt64(Self.ticks) { lastTick = tick - UInt64(Self.ticks) }
        while true {
            let head = heads[Int(lastTick % UInt64(Self.ticks))]
            if head >= 0 {
                remove(Int(head))
                return Int(head)
            }
            guard lastTick < tick else { return nil }
            lastTick += 1
        }
    }
}
