import HTTP

/// Finds the endpoint for each request, or says why there is none.
struct AdminRouter {
    let endpoints: [AdminEndpoint]
    /// Where the requests come from.
    let place: AdminEndpoint.Place
    /// Whether only names of this machine may be asked for.
    let isLoopback: Bool

    /// Answers a request, or has its endpoint do so.
    func serve(_ exchange: HTTPExchange) {
        guard hasOwnHost(exchange) else {
            // A page of the web that lets its own name lead here could read everything (DNS rebinding).
            return exchange.answer(.text("use the address or localhost as host name", status: 421))
        }
        let here = endpoints.filter { $0.path == exchange.path && $0.place.contains(place) }
        guard !here.isEmpty else { return exchange.answer(.text("there is nothing here", status: 404)) }
        guard let endpoint = here.first(where: { $0.method.serves(exchange.method) }) else {
            var response = HTTPResponse.text("this method is not for this path", status: 405)
            response.allow = here.map { $0.method == .get ? "GET, HEAD" : $0.method.rawValue }
                .joined(separator: ", ")
            return exchange.answer(response)
        }
        endpoint.handler(exchange)
    }

    private func hasOwnHost(_ exchange: HTTPExchange) -> Bool {
        guard isLoopback, let host = exchange.header("Host") else { return true }
        return HostHeader.isLocal(host)
    }
}

extension AdminEndpoint.Place {
    fileprivate func contains(_ place: Self) -> Bool { self == .everywhere || self == place }
}

extension HTTPMethod {
    fileprivate func serves(_ method: HTTPMethod) -> Bool {
        self == method || self == .get && method == .head
    }
}
