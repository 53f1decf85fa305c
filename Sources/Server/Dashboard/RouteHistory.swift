/// The samples of a route and of its servers.
struct RouteHistory {
    private var newest: ClusterStatus?
    private var isDrained = false
    private var queries: [Double] = []
    private var failures: [Double] = []
    private var roundTrips: [String: [Double?]] = [:]

    /// Adds a sample.
    ///
    /// - Parameter sequence: how many the others have, so that a route that is new stands below the same times.
    mutating func note(
        _ status: ClusterStatus,
        since before: ClusterStatus?,
        isDrained: Bool,
        sequence: Int
    ) {
        if newest == nil {
            queries = Array(repeating: 0, count: min(sequence, History.capacity))
            failures = queries
        }
        queries.keep(before.map { History.rate(status.replyCount, $0.replyCount) } ?? 0)
        failures.keep(before.map { History.rate(status.failureCount, $0.failureCount) } ?? 0)
        let addresses = Set(status.servers.map(\.address))
        roundTrips = roundTrips.filter { addresses.contains($0.key) }
        for server in status.servers {
            let isSilent = server.state == "down" || server.answered == 0
            let empty = [Double?](repeating: nil, count: min(sequence, History.capacity))
            roundTrips[server.address, default: empty].keep(isSilent ? nil : server.roundTripMilliseconds)
        }
        newest = status
        self.isDrained = isDrained
    }

    /// The last `count` samples.
    func report(last count: Int) -> HistoryReport.Route? {
        guard let newest else { return nil }
        return HistoryReport.Route(
            name: newest.name,
            zone: newest.zone,
            state: isDrained ? "drained" : newest.stateName,
            pending: newest.pending,
            queries: Array(queries.suffix(count)),
            failures: Array(failures.suffix(count)),
            servers: newest.servers.map { server in
                HistoryReport.Server(
                    address: server.address,
                    state: server.state,
                    trouble: server.trouble,
                    roundTripMilliseconds: Array((roundTrips[server.address] ?? []).suffix(count))
                )
            }
        )
    }
}

extension ClusterStatus {
    fileprivate var replyCount: UInt64 { replies.values.reduce(0, &+) }

    fileprivate var failureCount: UInt64 { replies["SERVFAIL"] ?? 0 }

    fileprivate var stateName: String {
        guard isReachable else { return "down" }
        return servers.contains { $0.state == "down" } ? "degraded" : "up"
    }
}
