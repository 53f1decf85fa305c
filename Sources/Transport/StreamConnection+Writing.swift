import CSystem
import EventLoop
import Glibc

extension StreamConnection {
    /// Octets that wait to be written.
    var waitingCount: Int { output.count + collectedCount }

    // MARK: - Collecting

    /// Puts a message behind what waits already.
    func append(_ message: RawSpan) {
        if isCollecting && output.isEmpty {
            if resources.replies.appendMessage(message, at: collectedCount) {
                collectedCount += 2 + message.byteCount
                return
            }
            moveCollected(resources.replies, from: 0)
        }
        output.appendMessage(message)
        // Many answers of one moment: the kernel may take them before the round ends.
        if output.count > TransportLimits.outputLimit && state == .open && !isBlocked { write() }
        if output.count > TransportLimits.outputLimit { closeReason = .outputLimit }
        if isCollecting { return }
        lastActivity = MonotonicClock.nanoseconds()
        settleLater()
    }

    private func moveCollected(_ replies: borrowing OctetBuffer, from offset: Int) {
        output.append(replies.prefix(collectedCount).extracting(droppingFirst: offset))
        collectedCount = 0
    }

    // MARK: - Writing

    /// Writes what waits, as far as the kernel takes it.
    private func write() {
        guard state == .open, let fd = socket?.fd else { return }
        if collectedCount > 0 { writeCollected(resources.replies, fd) }
        while !output.isEmpty && !isBlocked && closeReason == nil { noteWritten(output.write(fd)) }
    }

    private func writeCollected(_ replies: borrowing OctetBuffer, _ fd: CInt) {
        let octets = replies.prefix(collectedCount)
        let sent = unsafe octets.withUnsafeBytes { unsafe csystem_write(fd, $0.baseAddress, $0.count) }
        noteWritten(sent)
        if sent == collectedCount {
            collectedCount = 0
        } else {
            moveCollected(replies, from: max(0, sent))
        }
    }

    private func noteWritten(_ sent: Int) {
        switch sent {
        case 0...:
            lastProgress = lastActivity
        case -Int(EAGAIN), -Int(ENOBUFS):
            isBlocked = true
            lastProgress = MonotonicClock.nanoseconds()
        default:
            closeReason = .failed(SystemError(call: "send", errno: CInt(-sent)))
        }
    }

    /// The kernel takes octets again, or the connection is established or refused.
    func writable() {
        guard let fd = socket?.fd else { return }
        lastActivity = MonotonicClock.nanoseconds()
        isBlocked = false
        if state == .connecting {
            let error = csystem_take_error(fd)
            if error < 0 { return close(.failed(SystemError(call: "connect", errno: -error))) }
            state = .open
            handler?.connectionOpened(self)
        }
        if isOpen { settleNow() }
    }

    private func updateWriting() {
        guard let fd = socket?.fd else { return }
        if !isBlocked {
            writeWatcher?.disable()
            return
        }
        do {
            if let writeWatcher {
                try writeWatcher.enable()
            } else {
                writeWatcher = try Watcher(resources.loop, fd: fd, .write) { [unowned self] in writable() }
            }
        } catch {
            closeReason = .failed(error)
        }
    }

    // MARK: - Settling

    /// Settles at the end of the round.
    func settleLater() {
        if isSettlingLater || !isOpen { return }
        isSettlingLater = true
        resources.settleLater(self)
    }

    /// Brings the connection in the state that follows from what happened: writes, pauses, resumes or closes.
    func settleNow() {
        isSettlingLater = false
        if !isOpen { return }
        if !unparsed.isEmpty && !isPaused { return handOnUnparsed() }
        write()
        updateWriting()
        if let closeReason { return close(closeReason) }
        updateReading()
        let isDone = pendingQueries == 0 && waitingCount == 0 && (unparsed.isEmpty || isFinishing)
        if isDone && (peerHasEnded || isFinishing) { return close(.finished) }
        scheduleTimer()
    }
}
