/// The limits of one worker's forwarding, each with its reason.
public enum ForwardingLimits {
    /// Queries that are prepared together: what one system call receives.
    public static let batchMax = 64
    /// Questions in flight: at 4 s each, an outage of everything still takes 2,000 new names a second.
    public static let pendingQueriesMax = 8192
    /// Milliseconds before a question may be pushed out by a new one of its route: what just came would only be pushed
    /// out by what comes next, and nobody would get an answer.
    public static let pushOutMilliseconds: UInt64 = 100
    /// Routes that metrics tell apart, those of earlier configurations included; more are counted as none.
    public static let routeRowsMax = 131_072
    /// Servers that metrics tell apart.
    public static let upstreamRowsMax = 262_144
    /// Clients that wait for one question.
    public static let waitersPerQueryMax = 4096
    /// Clients that wait for them.
    ///
    /// Equal questions share one pending query, so there are more of these.
    public static let waitersMax = 32_768
    /// The same for one client address, unless the configuration says otherwise.
    public static let waitingPerClient = 1000
    /// Sends of one question, over all servers.
    public static let attemptsMax = 8
    /// Sends of one question to one server (RFC 9520 §3.1).
    public static let sendsPerUpstreamMax = 3
    /// Milliseconds until the client gets an answer in any case: below the 5 s of stub resolvers.
    public static let deadlineMilliseconds: UInt64 = 4000
    /// The shortest time that a server is given before the next is asked.
    public static let retransmitFloorMilliseconds: UInt64 = 50
    /// The same for a server that was never measured.
    public static let retransmitInitialMilliseconds: UInt64 = 300
    public static let retransmitCeilingMilliseconds: UInt64 = 1500
    /// The shortest time between the last two sends over UDP to the only server that is up: short pauses are over by then.
    static let lastSendMilliseconds: UInt64 = 400
    /// What a TCP exchange may take before another server is asked.
    public static let streamTimeoutMilliseconds: UInt64 = 2000
    /// Servers of a route: a bit each.
    public static let serversPerRouteMax = 64
    /// The time without any answer, from the first query that was lost, after which a server may count as silent.
    public static let silenceMilliseconds: UInt64 = 500
    /// The same for the last server of a route that is up: without it there is nobody to ask, and most pauses are shorter.
    public static let lastSilenceMilliseconds: UInt64 = 1000
    /// What it has to answer a probe once it is suspect: a tick and a round trip.
    static let suspicionMilliseconds: UInt64 = 200
    /// The longest time between two probes of a server that is down.
    public static let backOffMilliseconds: UInt64 = 2000
    /// What a probe is waited for; it is late long before.
    public static let probeDeadlineMilliseconds: UInt64 = 2000
    /// About how often `Forwarder.tick` is called.
    public static let tickMilliseconds: UInt64 = 100
    /// Probes of idle servers, of all workers: with thousands of clusters each is asked more seldom.
    public static let idleProbesPerSecond: UInt64 = 100
    /// Servers that one tick looks at, of those in trouble and of all.
    public static let serversPerTick = 256
    /// Probes of servers in trouble per tick of a worker.
    ///
    /// Each may take a socket for 5 s, and the queries of routes that are well need some, too: when more than some 600
    /// servers per worker are down at once, each is probed less often than every 2 s, but for those that clients ask.
    public static let probesPerTick = 32
    /// Milliseconds after which a question that could not be sent again for want of servers or budget tries to.
    public static let waitMilliseconds: UInt64 = 250
    /// Further sends that a route may have at once, at least, and per hundredth of its retry budget.
    ///
    /// A server that falls silent leaves behind what it was asked meanwhile: 200 by default, the rest a little later.
    public static let retryBurstMin = 10
    public static let retryBurstPerPercent = 10
    /// One of so many questions goes to another server than the fastest, to find out whether that is faster now.
    public static let explorationInterval = 64
    /// For how long a server that answered OPT with FORMERR is asked without OPT (RFC 6891 §6.2.2).
    public static let plainDNSMilliseconds: UInt64 = 900_000
    /// Wrong messages for one question after which it is asked over TCP (RFC 5452 §9.3).
    public static let mismatchesPerQueryMax = 3
    /// Wrong messages of one server within `mismatchWindowMilliseconds` after which it is asked over TCP only: so
    /// few guesses hit an ID once in 650 times, if the port is known.
    public static let mismatchesPerServerMax: UInt64 = 100
    public static let mismatchWindowMilliseconds: UInt64 = 10_000
    /// For how long it is asked over TCP only.
    public static let streamOnlyMilliseconds: UInt64 = 10_000
    /// Confirmed answers with letters in another case after which a server is asked in lower case.
    public static let foldedAnswersMax: UInt64 = 2
    /// What TCP has to confirm such an answer before the server is asked over UDP, too.
    static let confirmMilliseconds: UInt64 = 100
    /// For how long it is.
    public static let foldingMilliseconds: UInt64 = 3_600_000
    /// For how long a server gets the same client cookie (RFC 9018 §3).
    public static let cookieMilliseconds: UInt64 = 3_600_000
    /// Forwarders that a query may have come through.
    public static let pathHopsMax = 8
    /// How often a server that is asked is given a question that tells whether it comes back.
    public static let loopProbeMilliseconds: UInt64 = 300_000
    /// The same when a query has come back.
    public static let loopSuspicionMilliseconds: UInt64 = 10_000
    /// For how long a server that sends queries back is not asked; then one query finds out whether it still does.
    public static let loopPauseMilliseconds: UInt64 = 10_000
    /// CNAME and DNAME links of one answer, over all routes.
    public static let chainLinksMax = 10
    /// Seconds for which a failure is remembered (RFC 9520 §3.2).
    public static let failureSeconds: UInt32 = 5
    /// The same when it was the network's fault, and the server is up: over soon, mostly (RFC 9520 §3.2 allows a second).
    public static let networkFailureSeconds: UInt32 = 1
    /// The same when a name has failed so often that it was doubled again and again (RFC 9520 §3.2).
    public static let failureSecondsMax: UInt32 = 300
    /// The shortest time that such a failure is remembered while there is a stale answer (RFC 8767 §5).
    public static let staleRecheckSeconds: UInt32 = 30
    /// The TTL of stale answers (RFC 8767 §4).
    public static let staleTTLSeconds: UInt32 = 30
    /// Octets of the failure cache.
    ///
    /// Failures have their own so that they never push out an answer.
    public static let failureCacheBytes = 1 << 20
    /// Seconds for which a denial with somebody else's SOA is kept.
    public static let foreignDenialSeconds: UInt32 = 1
    /// UDP payload that we advertise and send (RFC 9715 §3.2 and the DNS flag day's 1,232).
    public static let udpPayload = 1232
    /// Octets of the text of an Extended DNS Error (RFC 8914 §3 asks to keep it short).
    public static let errorTextMax = 160
    /// Clusters, or servers, that a list in class CH names: TCP has room for them.
    public static let diagnosticLinesMax = 200
    /// Octets of a line of what is said in class CH.
    static let diagnosticTextMax = 1024
    /// Seconds that local answers may be kept by others.
    public static let localTTLSeconds: UInt32 = 3600
}
