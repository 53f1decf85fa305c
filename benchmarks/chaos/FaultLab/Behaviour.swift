/// What a DNS server does with queries, right or wrong.
public enum Behaviour: Sendable, Hashable {
    /// Answers at once.
    case answers
    /// Answers so many milliseconds later.
    case late(milliseconds: Int)
    /// Takes queries, accepts connections, and never says anything.
    case silent
    /// Has no sockets: the system refuses in its place.
    case closed
    /// Sends octets that are no DNS message, or a message whose record is damaged.
    case garbage
    /// Answers over UDP with another ID, over TCP as it should.
    case wrongID
    /// Answers another question over UDP, over TCP the right one.
    case wrongQuestion
    /// Says over UDP that the answer did not fit, and refuses connections.
    case truncated
    /// Answers SERVFAIL, as CoreDNS does before it has seen its cluster.
    case fails
    /// Answers half of the queries.
    case loses
    /// Answers this address, an IPv4 address as a number, for every name, to be kept for a second.
    case pointsAt(UInt32)

    /// Whether datagrams are received.
    var hasDatagrams: Bool { self != .closed }
    /// Whether connections are accepted.
    var hasStreams: Bool { self != .closed && self != .truncated }
}

/// A behaviour with the time that it lasts.
public struct BehaviourStep: Sendable, Hashable {
    public var behaviour: Behaviour
    public var milliseconds: Int

    public init(_ behaviour: Behaviour, milliseconds: Int) {
        self.behaviour = behaviour
        self.milliseconds = milliseconds
    }
}
