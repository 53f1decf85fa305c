import Routing

/// The routes that each server belongs to, by the server's number.
struct ServerRoutes: Sendable {
    /// Where the routes of each server end in `routes`; they begin where those of the one before end.
    private var ends: [Int32]
    private var routes: [RouteID]

    init(_ table: RoutingTable) {
        var counts = [Int32](repeating: 0, count: table.upstreams.count)
        for route in table.routes {
            for upstream in route.upstreams { counts[Int(upstream.rawValue)] += 1 }
        }
        var total: Int32 = 0
        ends = counts.map { count in
            total += count
            return total - count
        }
        routes = Array(repeating: .defaultRoute, count: Int(total))
        for (place, route) in table.routes.enumerated() {
            for upstream in route.upstreams {
                let server = Int(upstream.rawValue)
                routes[Int(ends[server])] = RouteID(rawValue: Int32(place))
                ends[server] += 1
            }
        }
    }

    /// The number of servers that have a number.
    var serverCount: Int { ends.count }

    /// The routes that a server belongs to; none for a server of an earlier table.
    subscript(upstream: UpstreamID) -> ArraySlice<RouteID> {
        let place = Int(upstream.rawValue)
        guard place < ends.count else { return [] }
        return routes[Int(place == 0 ? 0 : ends[place - 1])..<Int(ends[place])]
    }
}
