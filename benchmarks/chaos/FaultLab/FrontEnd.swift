/// A server of another make that stands before one of ours and is broken in its place.
public protocol FrontEnd: AnyObject, Sendable {
    /// The server as the configuration names it.
    var server: String { get }
    /// More keys of the cluster, each with a comma before it.
    var clusterSettings: String { get }

    /// Begins the fault; returns at once.
    func breakDown()

    /// Ends the fault; returns at once.
    func recover()
}
