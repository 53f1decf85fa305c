/// Takes the messages of connections, of both directions.
///
/// Called on the worker's thread only. Every method may send on and close any connection.
public protocol StreamHandler: AnyObject {
    /// Takes one message, without its length prefix; the answer may be sent now or later, in any order.
    func connection(_ connection: StreamConnection, received message: RawSpan)

    /// Called after the messages that one read brought; what was sent during it leaves with one write after this.
    func readEnded(_ connection: StreamConnection)

    /// Called when a connection to an upstream is established.
    ///
    /// Sending before is allowed.
    func connectionOpened(_ connection: StreamConnection)

    /// Called exactly once for each connection, also when its owner closed it; nothing is called after it.
    func connectionClosed(_ connection: StreamConnection, _ reason: StreamCloseReason)
}

extension StreamHandler {
    public func readEnded(_ connection: StreamConnection) {}
    public func connectionOpened(_ connection: StreamConnection) {}
}
