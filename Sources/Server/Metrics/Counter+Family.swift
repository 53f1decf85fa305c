import Metrics

extension Counter {
    /// The metric that shows a counter, with its label where several counters make one metric.
    var metric: (name: String, label: String, help: String) {
        switch self {
        case .queriesUDP: ("switchyard_received_queries_total", "transport=\"udp\"", Self.received)
        case .queriesTCP: ("switchyard_received_queries_total", "transport=\"tcp\"", Self.received)
        case .cacheHits: ("switchyard_cache_hits_total", "", "Answers from the cache.")
        case .cacheMisses:
            (
                "switchyard_cache_misses_total", "",
                "Questions that were asked upstream, or joined one that was."
            )
        case .localAnswers: ("switchyard_local_answers_total", "", "Answers that the server gave of itself.")
        case .mergedQueries: ("switchyard_merged_queries_total", "", "Questions that joined an equal one.")
        case .upstreamQueries: ("switchyard_upstream_messages_total", "", "Messages sent to all servers.")
        case .upstreamResponses: ("switchyard_upstream_used_responses_total", "", "Responses that were used.")
        case .upstreamMismatches:
            ("switchyard_upstream_mismatches_total", "", "Responses that matched no pending query.")
        case .lateResponses: ("switchyard_upstream_late_responses_total", "", "Responses that came too late.")
        case .wrongCase:
            ("switchyard_upstream_wrong_case_total", "", "Responses with letters in another case than asked.")
        case .wrongCookies: ("switchyard_upstream_wrong_cookies_total", "", "Responses with a wrong cookie.")
        case .confirmations:
            (
                "switchyard_upstream_confirmations_total", "",
                "Questions asked over TCP because UDP was in doubt."
            )
        case .forgeryAlarms:
            (
                "switchyard_forgery_alarms_total", "",
                "Servers asked over TCP only, after too many wrong messages."
            )
        case .loopProbes: ("switchyard_loop_probes_total", "", "Questions that tell whether they come back.")
        case .loopedQueries: ("switchyard_looped_queries_total", "", "Queries that came back to us.")
        case .loopingServers:
            ("switchyard_looping_servers_total", "", "Servers switched off for sending queries back.")
        case .upstreamInvalid:
            ("switchyard_upstream_invalid_responses_total", "", "Responses that could not be used.")
        case .upstreamTimeouts:
            ("switchyard_upstream_timeouts_total", "", "Messages without response in time.")
        case .upstreamFailures:
            (
                "switchyard_upstream_faults_total", "",
                "Servers taken out of a question because of their answer."
            )
        case .upstreamTruncations:
            ("switchyard_upstream_truncations_total", "", "Queries asked again over TCP because of TC.")
        case .upstreamConnections:
            ("switchyard_upstream_connections_total", "", "Connections to servers that were opened.")
        case .upstreamResumptions:
            ("switchyard_upstream_tls_resumptions_total", "", "TLS connections that resumed a session.")
        case .upstreamTLSFailures: ("switchyard_upstream_tls_failures_total", "", "Connections ended by TLS.")
        case .cachedFailures:
            ("switchyard_cached_failures_total", "", "Failures remembered and answered again.")
        case .failures: ("switchyard_failures_total", "", "SERVFAIL of our own.")
        case .refusals: ("switchyard_refusals_total", "", "Queries refused: not allowed, or not for us.")
        case .malformed:
            ("switchyard_malformed_queries_total", "", "Queries answered with an error of format.")
        case .drops: ("switchyard_dropped_messages_total", "reason=\"unanswerable\"", Self.dropped)
        case .overloads: ("switchyard_overloads_total", "", "Questions turned away: too many are pending.")
        case .outages:
            ("switchyard_outages_total", "", "Questions that failed at once: all servers were down.")
        case .serversDown: ("switchyard_servers_down_total", "", "Times that a server went down.")
        case .serversUp: ("switchyard_servers_up_total", "", "Times that a server came up again.")
        case .probes: ("switchyard_probes_total", "", "Probes sent to suspected, down or idle servers.")
        case .trials: ("switchyard_trials_total", "", "Questions sent to servers that are down, as a trial.")
        case .retries: ("switchyard_retries_total", "", "Further sends of a question.")
        case .retriesDenied: ("switchyard_retries_denied_total", "", "Further sends over the retry budget.")
        case .hedges: ("switchyard_hedges_total", "", "Second servers asked before the first was late.")
        case .truncatedReplies:
            ("switchyard_truncated_replies_total", "", "Replies cut to the client's size.")
        case .staleAnswers: ("switchyard_stale_answers_total", "", "Answers given past their end.")
        case .prefetches: ("switchyard_prefetches_total", "", "Answers asked for anew before their end.")
        }
    }

    private static let received = "Queries received, by transport."
    private static let dropped = "Messages that were lost or not answered, by reason."
}
