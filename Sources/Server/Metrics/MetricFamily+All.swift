extension MetricFamily {
    static let queries = MetricFamily(
        name: "switchyard_queries_total",
        kind: .counter,
        help: "Replies by transport, route and response code; route none: answered without any."
    )
    static let routeHits = MetricFamily(
        name: "switchyard_route_cache_hits_total",
        kind: .counter,
        help: "Answers from the cache, by route."
    )
    static let routeMisses = MetricFamily(
        name: "switchyard_route_cache_misses_total",
        kind: .counter,
        help: "Questions that were asked upstream, or joined one that was, by route."
    )
    static let missLatency = MetricFamily(
        name: "switchyard_miss_duration_seconds",
        kind: .histogram,
        help: "Time until clients that had to wait were answered, by route."
    )
    static let hitLatency = MetricFamily(
        name: "switchyard_hit_duration_seconds",
        kind: .histogram,
        help: "Time from the receipt of a batch of datagrams to the sending of the hits in it."
    )
    static let upstreamSent = MetricFamily(
        name: "switchyard_upstream_sent_total",
        kind: .counter,
        help: "Messages sent, by server."
    )
    static let upstreamAnswered = MetricFamily(
        name: "switchyard_upstream_answered_total",
        kind: .counter,
        help: "Responses that matched a query, by server."
    )
    static let upstreamFailures = MetricFamily(
        name: "switchyard_upstream_failures_total",
        kind: .counter,
        help: "Failures by server and reason."
    )
    static let upstreamRoundTrip = MetricFamily(
        name: "switchyard_upstream_rtt_seconds",
        kind: .histogram,
        help: "Time from the sending of a message to its response, by server."
    )
    static let upstreamUp = MetricFamily(
        name: "switchyard_upstream_up",
        kind: .gauge,
        help: "Whether the server is asked (1) or down (0)."
    )
    static let cacheEntries = MetricFamily(
        name: "switchyard_cache_entries",
        kind: .gauge,
        help: "Answers in the cache, expired ones included."
    )
    static let cacheBytes = MetricFamily(
        name: "switchyard_cache_bytes",
        kind: .gauge,
        help: "Octets of these answers."
    )
    static let cacheSize = MetricFamily(
        name: "switchyard_cache_size_bytes",
        kind: .gauge,
        help: "Octets that the cache may take."
    )
    static let cacheInsertions = MetricFamily(
        name: "switchyard_cache_insertions_total",
        kind: .counter,
        help: "Answers stored."
    )
    static let cacheEvictions = MetricFamily(
        name: "switchyard_cache_evictions_total",
        kind: .counter,
        help: "Answers that left without being renewed."
    )
    static let dropped = MetricFamily(
        name: "switchyard_dropped_messages_total",
        kind: .counter,
        help: "Messages that were lost or not answered, by reason."
    )
    static let connections = MetricFamily(
        name: "switchyard_client_connections_total",
        kind: .counter,
        help: "TCP connections of clients that were accepted."
    )
    static let connectionsRefused = MetricFamily(
        name: "switchyard_client_connections_refused_total",
        kind: .counter,
        help: "TCP connections of clients that were closed at once, by reason."
    )
    static let connectionsOpen = MetricFamily(
        name: "switchyard_client_connections",
        kind: .gauge,
        help: "TCP connections of clients that are open."
    )
    static let pendingQueries = MetricFamily(
        name: "switchyard_pending_queries",
        kind: .gauge,
        help: "Questions in flight."
    )
    static let waitingClients = MetricFamily(
        name: "switchyard_waiting_clients",
        kind: .gauge,
        help: "Clients and chains that wait for them."
    )
    static let reloads = MetricFamily(
        name: "switchyard_config_reloads_total",
        kind: .counter,
        help: "Times that the configuration was to be loaded again, by result."
    )
    static let reloadSuccess = MetricFamily(
        name: "switchyard_config_last_reload_success",
        kind: .gauge,
        help: "Whether the configuration on the disk is the one in use."
    )
    static let reloadTime = MetricFamily(
        name: "switchyard_config_last_reload_success_timestamp_seconds",
        kind: .gauge,
        help: "When the configuration in use was loaded."
    )
    static let build = MetricFamily(
        name: "switchyard_build_info",
        kind: .gauge,
        help: "1, with the version as label."
    )
    static let workers = MetricFamily(
        name: "switchyard_workers",
        kind: .gauge,
        help: "Threads that answer queries."
    )
    static let clusters = MetricFamily(
        name: "switchyard_clusters",
        kind: .gauge,
        help: "Clusters of the configuration in use."
    )
    static let cpu = MetricFamily(
        name: "process_cpu_seconds_total",
        kind: .counter,
        help: "User and system time spent."
    )
    static let resident = MetricFamily(
        name: "process_resident_memory_bytes",
        kind: .gauge,
        help: "Resident memory."
    )
    static let virtual = MetricFamily(
        name: "process_virtual_memory_bytes",
        kind: .gauge,
        help: "Addresses in use."
    )
    static let openFiles = MetricFamily(
        name: "process_open_fds",
        kind: .gauge,
        help: "Open file descriptors."
    )
    static let threads = MetricFamily(name: "process_threads", kind: .gauge, help: "Threads.")
    static let startTime = MetricFamily(
        name: "process_start_time_seconds",
        kind: .gauge,
        help: "When the process started, in seconds since 1970."
    )
}
