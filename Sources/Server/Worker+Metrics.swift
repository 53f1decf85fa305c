import EventLoop
import Forwarding
import Metrics
import Transport

// What a worker tells of itself.
extension Worker {
    /// Counts the time that the hits of a batch took, all of them as the last one.
    func countHits(_ hits: UInt64, since receivedAt: UInt64) {
        guard hits > 0 else { return }
        let time = (MonotonicClock.nanoseconds() - receivedAt) / 1000
        metrics.own.observe(microseconds: time, count: hits, row: 0, at: WorkerValue.hitLatency)
    }

    /// Publishes what is kept elsewhere, for the control thread to read.
    func publish(pending: Int, waiting: Int, _ datagrams: DatagramCounters, _ streams: StreamResources) {
        set(.connectionsAccepted, streams.counters.accepted)
        set(.connectionsRefusedInAll, streams.counters.refusedInAll)
        set(.connectionsRefusedPerClient, streams.counters.refusedPerClient)
        set(.connectionsOpen, UInt64(streams.connectionCount))
        set(.pendingQueries, UInt64(pending))
        set(.waitingClients, UInt64(waiting))
        set(.sendBufferFull, datagrams.sendBufferFull)
        set(.sendFailed, datagrams.sendFailed)
        set(.receiveFailed, datagrams.receiveFailed)
    }

    private func set(_ value: WorkerValue, _ number: UInt64) {
        metrics.own.set(number, row: 0, place: value.rawValue)
    }
}
