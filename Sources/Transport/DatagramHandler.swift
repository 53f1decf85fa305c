/// Answers the datagrams of a server.
///
/// Called on the worker's thread only.
public protocol DatagramHandler: AnyObject {
    /// Looks at a datagram that `handle` will get later, at the same place of the batch.
    ///
    /// It comes for all datagrams of a batch before the first `handle`, so that what is needed for one can be fetched
    /// from memory while the others are looked at.
    func prepare(_ datagram: RawSpan, at place: Int)

    /// Called when the batch was looked at, which has `count` places.
    func prepared(_ count: Int)

    /// Takes one datagram; returns the octets of the reply that was written into `reply`, 0 for none.
    ///
    /// The reply leaves with those of the whole batch. An answer that comes later goes through
    /// `DatagramListener.queue(_:to:)`, to the listener's `currentPath` as of now. `isTruncated` says that the
    /// datagram was longer than `TransportLimits.datagramLength` and that its rest is lost.
    func handle(
        _ datagram: RawSpan,
        at place: Int,
        isTruncated: Bool,
        on socket: DatagramListener,
        from peer: SocketAddress,
        reply: inout MutableRawSpan
    ) -> Int

    /// Called after each batch of datagrams; its replies have left then.
    func batchEnded()
}

extension DatagramHandler {
    public func prepare(_ datagram: RawSpan, at place: Int) {}
    public func prepared(_ count: Int) {}
    public func batchEnded() {}
}

/// Takes the responses of one upstream.
///
/// Called on the worker's thread only.
public protocol DatagramClientHandler: AnyObject {
    /// Takes one datagram from the peer of the socket; `isTruncated` as for `DatagramHandler`.
    func response(_ message: RawSpan, isTruncated: Bool, on socket: DatagramClientSocket)

    /// Called when the system reports that the peer cannot be reached: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH.
    ///
    /// What was sent since the last response, or queued in this round, may be lost. The socket stays open.
    func failed(_ errno: CInt, on socket: DatagramClientSocket)

    /// Called after each batch of responses.
    func batchEnded()
}
