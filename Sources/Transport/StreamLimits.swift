/// How many connections one worker serves.
///
/// The kernel spreads the connections of a client over the workers, so a process serves as many times more as it
/// has workers.
public struct StreamLimits: Sendable {
    /// Connections in all: each costs a descriptor, and about 1 KiB while it is idle.
    public var connections = 4096
    /// Connections of one client: an IPv4 address, or an IPv6 network of 64 bits, which one client has in full.
    public var connectionsPerClient = 128

    public init() {}
}
