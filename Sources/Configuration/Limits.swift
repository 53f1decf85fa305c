/// The largest and smallest of what a configuration may hold.
enum ConfigurationLimits {
    /// Octets of a configuration file: some 500,000 clusters.
    static let fileBytes = 64 << 20
    /// Octets of another resolver's configuration.
    static let importBytes = 16 << 20
    /// Octets of what is made of it, without a comment at its beginning.
    static let importedBytes = fileBytes - (1 << 10)
    /// Keys that are compared one by one; more are hashed.
    static let keysWithoutHash = 8
    /// Octets of a file that the configuration names: nameservers, or certificates.
    static let namedFileBytes = 1 << 20
    /// Lists and mappings within each other.
    ///
    /// The deepest setting of ours has 4.
    static let nestingDepth = 16
    /// Lists and mappings within each other, in what is too deep already: here the reading ends.
    static let skippedDepth = 1000
    static let clusters = 100_000
    /// Files that a configuration includes.
    static let includedFiles = 10_000
    /// Octets of all of them.
    static let includedBytes = 64 << 20
    /// Paths and patterns of `include`.
    static let includes = 64
    static let serversPerRoute = 64
    /// Shares of queries under the policy `random`.
    static let weight = 1...1000
    /// Milliseconds until a second server is asked, too.
    ///
    /// Sooner would double the load, later comes the retry anyway.
    static let hedgeMilliseconds: ClosedRange<UInt64> = 5...2000
    /// Milliseconds between trials of a server that is down.
    static let probeIntervalMilliseconds: ClosedRange<UInt64> = 100...2000
    /// Milliseconds without an answer until a server that is up is asked, up to an hour.
    static let probeIdleMilliseconds: ClosedRange<UInt64> = 1000...3_600_000
    /// Failures or successes in a row.
    static let probeCount = 1...10
    static let pendingQueries = 1...1_000_000
    static let connectionsPerServer = 1...64
    /// Further sends per hundred first ones.
    static let retryPercent = 0...1000
    static let waitingPerClient = 1...1_000_000
    /// Milliseconds from which on a query is slow; none takes longer than the largest.
    static let slowMilliseconds: ClosedRange<UInt64> = 1...10_000
    /// Of how many queries one is logged.
    static let querySample = 1...1_000_000
    /// Octets of `sockaddr_un`'s path, without its end.
    static let socketPathMax = 107
    /// Milliseconds until a client gets an answer beyond its TTL; later it has given up.
    static let staleAfterMilliseconds: ClosedRange<UInt64> = 0...4000
    static let listenAddresses = 64
    /// Octets of the path of a Unix socket: what the kernel takes, less what a name has that is only tried.
    static let socketPathBytes = 95
    static let workers = 0...1024
    /// Octets of the cache, where it keeps anything at all.
    static let cacheBytes = (1 << 20)...(1 << 40)
    /// Seconds, 7 days: no answer is kept longer (RFC 8767 §4).
    static let ttlSeconds = 0...604_800
    /// Characters of a cluster's name, two labels at most.
    static let clusterName = 1...127
}
