/// The largest and smallest of what a configuration may hold.
enum ConfigurationLimits {
    /// Octets of a configuration file: some 500,000 clusters.
    static let fileBytes = 64 << 20
    /// Keys that are compared one by one; more are hashed.
    static let keysWithoutHash = 8
    /// Octets of a file of nameservers in the format of resolv.conf(5).
    static let resolvConfBytes = 1 << 20
    /// Lists and mappings within each other.
    ///
    /// The deepest setting of ours has 4.
    static let nestingDepth = 16
    /// Lists and mappings within each other, in what is too deep already: here the reading ends.
    static let skippedDepth = 1000
    static let clusters = 100_000
    static let serversPerRoute = 64
    static let listenAddresses = 64
    static let workers = 0...1024
    /// Octets of the cache, where it keeps anything at all.
    static let cacheBytes = (1 << 20)...(1 << 40)
    /// Seconds, 7 days: no answer is kept longer (RFC 8767 §4).
    static let ttlSeconds = 0...604_800
    /// Characters of a cluster's name, two labels at most.
    static let clusterName = 1...127
}
