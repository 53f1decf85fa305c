import CSystem
public import EventLoop
import Glibc

/// The memory that all datagram sockets of a worker receive into and send from.
///
/// Three sets of slots: what is being received, the immediate replies to it, and the queue of messages that are
/// sent later in the round. Nothing is allocated after init. Used on the worker's thread only.
public final class DatagramBatch {
    /// What was lost.
    public internal(set) var counters = DatagramCounters()
    /// When the batch that is being handed on was received, in nanoseconds of MonotonicClock.
    public private(set) var receivedAt = MonotonicClock.nanoseconds()

    private let incoming = MessageVector()
    private let replies = MessageVector()
    private let outgoing = MessageVector()
    private var queue: [QueuedDatagram] = []
    /// Counts the times that what was queued left: what is queued at one count leaves together.
    public private(set) var flushes: UInt64 = 0
    /// The slot that is being handed on.
    private var current = 0
    private var flushAtEndOfRound: Deferred?
    private var pace = ReceivePace()

    /// Makes the slots: 0.8 MB of addresses, of which the pages are used that traffic needs.
    public init(_ loop: EventLoop) throws(SystemError) {
        queue.reserveCapacity(TransportLimits.batchSize)
        flushAtEndOfRound = try Deferred(loop) { [unowned self] in flush() }
    }

    // MARK: - Receiving

    /// Receives one batch for a listener and sends the handler's replies; returns the number received.
    func serve(_ listener: DatagramListener, _ handler: any DatagramHandler) -> Int {
        serve(incoming, replies, listener, handler)
    }

    // The slots are parameters, because a span cannot be borrowed from a property of a class.
    private func serve(
        _ incoming: borrowing MessageVector,
        _ replies: borrowing MessageVector,
        _ listener: DatagramListener,
        _ handler: any DatagramHandler
    ) -> Int {
        let fd = listener.fd
        let received = receive(incoming, fd)
        if received <= 0 { return 0 }
        for i in 0..<received { handler.prepare(incoming.received(i), at: i) }
        handler.prepared(received)
        var replyCount = 0
        for i in 0..<received {
            guard let peer = incoming.peer(i) else {
                counters.unanswerable += 1
                continue
            }
            current = i
            var reply = replies.writable(replyCount)
            let length = handler.handle(
                incoming.received(i),
                at: i,
                isTruncated: incoming.isTruncated(i),
                on: listener,
                from: peer,
                reply: &reply
            )
            // The handler may have stopped the listener.
            if !listener.isOpen { break }
            if length == 0 { continue }
            precondition(length > 0 && length <= TransportLimits.datagramLength)
            replies.setReply(replyCount, length: length, to: i, of: incoming)
            replyCount += 1
        }
        if listener.isOpen { _ = send(replies, fd, first: 0, count: replyCount) }
        for i in 0..<received { incoming.prepareToReceive(i) }
        return received
    }

    /// Lets more datagrams arrive before the next batch, when many do; what is queued leaves before.
    ///
    /// - Parameter received: those of the batch that a listener took last.
    func gather(_ received: Int) {
        guard received > 0 else { return }
        let pause = pace.pause(after: received, at: receivedAt)
        guard pause > 0 else { return }
        flush()
        csystem_pause(pause)
    }

    /// The way back to the sender of the datagram that is being handed on.
    var currentPath: DatagramPath { incoming.path(current) }

    /// Receives one batch for a client; returns the number received, or a negative error number.
    func receive(for socket: DatagramClientSocket, _ handler: any DatagramClientHandler) -> Int {
        receive(incoming, for: socket, handler)
    }

    private func receive(
        _ incoming: borrowing MessageVector,
        for socket: DatagramClientSocket,
        _ handler: any DatagramClientHandler
    ) -> Int {
        let received = receive(incoming, socket.fd)
        if received <= 0 { return received }
        for i in 0..<received {
            handler.response(incoming.received(i), isTruncated: incoming.isTruncated(i), on: socket)
            if !socket.isOpen { break }
        }
        for i in 0..<received { incoming.prepareToReceive(i) }
        return received
    }

    private func receive(_ incoming: borrowing MessageVector, _ fd: CInt) -> Int {
        let received = incoming.receive(fd)
        if received > 0 { receivedAt = MonotonicClock.nanoseconds() }
        if received < 0 && received != -Int(EAGAIN) { counters.receiveFailed += 1 }
        return received == -Int(EAGAIN) ? 0 : received
    }

    // MARK: - Sending

    /// Queues a message; it leaves at the end of the round, with `flush()`, or when the queue is full.
    func queue(_ message: RawSpan, from sender: any DatagramSender, path: DatagramPath?) {
        if message.byteCount > TransportLimits.datagramLength {
            counters.tooLong += 1
            return
        }
        if queue.count == TransportLimits.batchSize { flush() }
        if queue.isEmpty { flushAtEndOfRound?.schedule() }
        outgoing.set(queue.count, message, path: path)
        queue.append(QueuedDatagram(fd: sender.fd, sender: sender))
    }

    /// Sends what all sockets queued, consecutive messages of one socket with one call.
    public func flush() {
        if queue.isEmpty { return }
        flushes &+= 1
        var failures: [(sender: any DatagramSender, errno: CInt)] = []
        var first = 0
        while first < queue.count {
            let fd = queue[first].fd
            var end = first + 1
            while end < queue.count && queue[end].fd == fd { end += 1 }
            let failure = fd < 0 ? nil : send(outgoing, fd, first: first, count: end - first)
            if let failure { unsafe failures.append((queue[first].sender, failure)) }
            first = end
        }
        queue.removeAll(keepingCapacity: true)
        // Only now, because the handlers may queue and close.
        for (sender, errno) in failures { sender.sendFailed(errno) }
    }

    /// Forgets what a socket queued, which is about to be closed.
    func discard(fd: CInt) {
        for i in queue.indices where queue[i].fd == fd { queue[i].fd = -1 }
    }

    /// Sends slots; returns the last error other than a full buffer.
    private func send(_ messages: borrowing MessageVector, _ fd: CInt, first: Int, count: Int) -> CInt? {
        var failure: CInt?
        var next = first
        let end = first + count
        while next < end {
            let sent = messages.send(fd, first: next, count: end - next)
            if sent > 0 {
                next += sent
                continue
            }
            let errno = CInt(-sent)
            if errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM {
                counters.sendBufferFull += UInt64(end - next)
                return failure
            }
            // The error is that of one message: the others may go to other clients.
            counters.sendFailed += 1
            failure = errno
            next += 1
        }
        return failure
    }
}

/// A socket that queues messages.
protocol DatagramSender: AnyObject {
    var fd: CInt { get }
    /// Called when the system refused to send.
    func sendFailed(_ errno: CInt)
}

/// Who queued the message of an outgoing slot.
@safe
private struct QueuedDatagram {
    /// -1 when the socket was closed since.
    var fd: CInt
    // SAFETY: a socket calls `discard(fd:)` before it goes; then fd is -1 and nobody looks here.
    unowned(unsafe) let sender: any DatagramSender
}
