/// The fixed sizes of the transport, each with its reason.
///
/// Timeouts and the numbers of connections are settings: `StreamTimeouts` and `StreamLimits`.
public enum TransportLimits {
    // MARK: - Datagrams

    /// Datagrams that one system call receives or sends: more make a call no cheaper per datagram.
    public static let batchSize = 64
    /// Batches that one readiness may take, so that timers and connections are served under flood.
    public static let batchesPerReadiness = 4
    /// The longest pause before a batch, in nanoseconds: what a query may be delayed by for the sake of larger batches.
    static let gatherNanosecondsMax: UInt64 = 100_000
    /// Datagrams that a pause waits for; more in a batch save little.
    static let gatherCount: UInt64 = 16
    /// Nanoseconds between two datagrams above which a batch is not waited for: 40,000 datagrams a second, which keep a
    /// quarter of a core busy.
    static let gatherGapNanoseconds: UInt64 = 25_000
    /// Octets of a datagram slot; the EDNS buffer size that resolvers agree on is 1,232 (DNS flag day 2020), and
    /// 4,096 is the largest that clients still announce.
    public static let datagramLength = 4096
    /// Octets between slots: the odd number of cache lines keeps the slots' first lines in different cache sets.
    static let slotStride = datagramLength + 5 * 64
    /// Octets of a socket's kernel buffers: about 40 ms of the highest rate of small queries; best effort.
    static let socketBufferSize = 4 << 20
    /// Tries to bind a random port before the kernel chooses: with half of all ports in use, 1 in 256 fails.
    static let randomPortTries = 8
    /// The lowest random source port: those below are privileged.
    static let lowestRandomPort: UInt16 = 1024

    /// The port of a service that nobody offers and that never speaks first (RFC 863).
    static let discardPort: UInt16 = 9

    // MARK: - Streams

    /// Octets of a message: what the two-octet length prefix can say (RFC 1035 §4.2.2).
    public static let messageLength = 65_535
    /// Octets that one read takes: some hundred queries, which are then answered with one write.
    static let readLength = 16 << 10
    /// Octets of replies that are collected before a write.
    static let replyLength = 64 << 10
    /// Octets waiting to be written above which a connection is not read any more until half is written.
    static let outputPauseLength = 256 << 10
    /// Octets waiting to be written above which a connection is closed: the answers of what was already read.
    static let outputLimit = 1 << 20
    /// Octets that a TLS connection reads ahead: a message with its length.
    static let tlsInputLength = 2 + messageLength
    /// Queries of one connection waiting for an answer, above which it is not read until half are answered.
    static let pendingQueriesLimit = 512
    /// Connections taken from one listener in one readiness, so that queries are served under a flood of them.
    static let acceptsPerReadiness = 64
    /// Connections that the kernel holds until they are accepted; it lowers this to net.core.somaxconn.
    static let backlog: CInt = 1024
    /// Milliseconds that a client's connection may be idle once its listener is gone: its first query may be on its way.
    static let lingerMilliseconds = 200
    /// Milliseconds without accepting after the system ran out of descriptors or memory.
    static let acceptPauseMilliseconds = 100
    /// Octets of a connection's output buffer that are kept while it is empty.
    static let keptOutputLength = 2048
}
