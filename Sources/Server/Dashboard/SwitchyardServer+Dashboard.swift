import HTTP

// The page that shows what happens, and the samples that it draws.
extension SwitchyardServer {
    /// The dashboard's files and samples, one line each.
    var dashboardEndpoints: [AdminEndpoint] {
        [
            .get("/") { $0.answer(.file(PackageResources.index_html, "text/html; charset=utf-8")) },
            .get("/dashboard.css") {
                $0.answer(.file(PackageResources.dashboard_css, "text/css; charset=utf-8"))
            },
            .get("/dashboard.js") {
                $0.answer(.file(PackageResources.dashboard_js, "text/javascript; charset=utf-8"))
            },
            .get("/api/history") { [unowned self] in answerHistory($0) },
        ]
    }

    private func answerHistory(_ exchange: HTTPExchange) {
        guard let history else { return exchange.answer(.text("not started yet", status: 503)) }
        guard let after = exchange.value("after") else {
            return exchange.answer(JSON.response(history.report(after: nil)))
        }
        guard let number = Int(after), number >= 0 else {
            let problem = ControlProblem("`after` must be the number of a sample")
            return exchange.answer(JSON.response(problem, status: 400))
        }
        exchange.answer(JSON.response(history.report(after: number)))
    }

    /// What the counters say now.
    func historyReading() -> History.Reading {
        History.Reading(
            queries: metrics.queries,
            hits: metrics.value(.cacheHits),
            misses: metrics.value(.cacheMisses),
            failures: metrics.value(.failures),
            hitLatency: metrics.hitLatency,
            missLatency: missLatency(),
            routes: clusterStatuses(first: History.routesMax),
            routeCount: keeper?.current?.table.routes.count ?? 0,
            drained: Set(drainedClusters)
        )
    }
}

extension HTTPResponse {
    /// A file of the dashboard.
    fileprivate static func file(_ octets: [UInt8], _ contentType: String) -> HTTPResponse {
        HTTPResponse(contentType: contentType, body: octets)
    }
}
