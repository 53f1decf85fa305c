import CSystem
import EventLoop
import Glibc

extension StreamConnection {
    /// Reads once and hands on the messages that came.
    ///
    /// Once, because the loop reports again what is left: so every connection gets its turn.
    func readable() { readable(into: resources.input) }

    // The buffer is a parameter, because a span cannot be borrowed from a property of a class.
    private func readable(into input: borrowing OctetBuffer) {
        guard let fd = socket?.fd else { return }
        let count = input.read(fd)
        if count == -Int(EAGAIN) { return }
        if count < 0 { return close(.failed(SystemError(call: "recv", errno: CInt(-count)))) }
        if count == 0 { return peerEnded() }
        lastActivity = MonotonicClock.nanoseconds()
        receivedAt = lastActivity
        handOn(input.prefix(count))
    }

    /// Goes on with what was read before a pause.
    func handOnUnparsed() {
        let octets = unparsed
        unparsed = []
        receivedAt = MonotonicClock.nanoseconds()
        handOn(unsafe octets.span.bytes)
    }

    /// Hands on the messages in `octets`, keeps the rest and writes the replies with one call.
    private func handOn(_ octets: RawSpan) {
        guard let handler else { return }
        isCollecting = true
        let end = handOnMessages(octets, handler)
        if isOpen && end < octets.byteCount { keep(octets, from: end) }
        if isOpen { handler.readEnded(self) }
        isCollecting = false
        if isOpen { settleNow() }
    }

    /// Returns the offset of the first octet that was not handed on.
    private func handOnMessages(_ octets: RawSpan, _ handler: any StreamHandler) -> Int {
        var offset = 0
        if !partial.isEmpty {
            offset = partial.append(octets, from: 0)
            if !partial.isComplete { return offset }
            let message = partial.take()
            deliver(unsafe message.span.bytes.extracting(droppingFirst: 2), handler)
        }
        while canDeliver, octets.byteCount - offset >= 2 {
            let prefix = unsafe octets.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
            let end = offset + 2 + Int(UInt16(bigEndian: prefix))
            if end > octets.byteCount { break }
            deliver(octets.extracting(offset + 2..<end), handler)
            offset = end
        }
        return offset
    }

    private func deliver(_ message: RawSpan, _ handler: any StreamHandler) {
        if message.byteCount == 0 {
            closeReason = .emptyMessage
            return
        }
        pendingQueries = role == .server ? pendingQueries + 1 : max(0, pendingQueries - 1)
        waitingSince = lastActivity
        handler.connection(self, received: message)
        if mustPause { isPaused = true }
    }

    private var canDeliver: Bool { isOpen && closeReason == nil && !isPaused && !isDeaf }

    /// No query of the client is taken any more.
    private var isDeaf: Bool { isFinishing && role == .server }

    private func keep(_ octets: RawSpan, from offset: Int) {
        let rest = octets.extracting(offset..<octets.byteCount)
        if isPaused {
            unparsed = unsafe rest.withUnsafeBytes { unsafe Array($0) }
        } else if canDeliver {
            _ = partial.append(rest, from: 0)
            partialSince = lastActivity
        }
    }

    private func peerEnded() {
        // An upstream that ends its side will answer nothing more. A client may still read (RFC 7766 §6.2.4).
        if role == .client { return close(.endOfStream) }
        peerHasEnded = true
        partial = PartialMessage()
        settleNow()
    }

    // MARK: - Pausing

    /// Too much is pending or waiting: the peer must take answers before it may ask more.
    private var mustPause: Bool {
        role == .server
            && (pendingQueries >= TransportLimits.pendingQueriesLimit
                || waitingCount >= TransportLimits.outputPauseLength)
    }

    private var canResume: Bool {
        pendingQueries <= TransportLimits.pendingQueriesLimit / 2
            && waitingCount <= TransportLimits.outputPauseLength / 2
    }

    /// Reads or not, as the state demands.
    func updateReading() {
        if mustPause { isPaused = true }
        if isPaused && canResume && !isDeaf {
            isPaused = false
            if !unparsed.isEmpty {
                settleLater()
                return
            }
        }
        guard state == .open, !isPaused, !peerHasEnded, !isDeaf else {
            readWatcher?.disable()
            return
        }
        watchForReading()
    }

    private func watchForReading() {
        guard let fd = socket?.fd else { return }
        do {
            if let readWatcher {
                try readWatcher.enable()
            } else {
                readWatcher = try Watcher(resources.loop, fd: fd, .read) { [unowned self] in readable() }
            }
        } catch {
            closeReason = .failed(error)
            settleLater()
        }
    }
}
