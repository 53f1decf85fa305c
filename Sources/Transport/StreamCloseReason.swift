public import EventLoop
public import TLS

/// Why a connection ended.
public enum StreamCloseReason: Hashable, Sendable {
    /// Its owner called `close()`.
    case closedHere
    /// The peer ended its side, or `finish()` was called, and every answer has been written.
    case finished
    /// The upstream ended its side; what is pending will not be answered.
    case endOfStream
    /// Nothing happened for too long with no query pending.
    case idle
    /// Nothing happened for too long with queries pending.
    case unanswered
    /// A message was begun and not ended in time.
    case partialMessage
    /// The peer did not take what was to be written.
    case writeStalled
    /// The handshake did not end in time.
    case connectTimeout
    /// The peer sent a message of no octets, which cannot be DNS.
    case emptyMessage
    /// More waited to be written than `TransportLimits` allows.
    case outputLimit
    /// The server could not prove who it is, or TLS failed in another way.
    case tls(TLSFailure)
    /// The system reported an error: refused, reset, unreachable.
    case failed(SystemError)
}
