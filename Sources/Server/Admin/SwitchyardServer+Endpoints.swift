import HTTP

extension SwitchyardServer {
    /// Everything that the admin port and the control socket serve, one line each.
    var endpoints: [AdminEndpoint] {
        [
            .get("/health") { [unowned self] in answerHealth($0) },
            .get("/ready") { [unowned self] in answerReadiness($0) },
            .get("/metrics") { [unowned self] in answerMetrics($0) },
            .get("/api/status") { [unowned self] in $0.answer(JSON.response(status())) },
            .get("/api/clusters") { [unowned self] in $0.answer(JSON.response(clusterStatuses())) },
            .get("/api/upstreams") { [unowned self] in $0.answer(JSON.response(upstreamStatuses())) },
            .get("/api/config") { [unowned self] in $0.answer(JSON.response(configurationReport())) },
            .get("/api/cache") { [unowned self] in $0.answer(JSON.response(cacheStatus())) },
        ] + controlEndpoints
    }
}
