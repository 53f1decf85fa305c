public import Routing

/// Where the routes and servers of a snapshot are counted: rows that keep their meaning as long as the process lives.
///
/// A route has its row by its name, a server by its address: what comes back after a reload counts on.
public struct MetricRows: Sendable {
    /// By the place of the route.
    public private(set) var routes: [Int32] = []
    /// By the number of the server.
    public private(set) var upstreams: [Int32] = []
    /// The names of the routes by row; row 0 is what belongs to none.
    public private(set) var routeNames = ["none"]
    /// The servers by row, with the first route that had them; row 0 is for those that have no row.
    public private(set) var servers: [Server] = [Server(route: "none", upstream: nil)]
    private var rowsByName: [String: Int32] = [:]
    private var rowsByUpstream: [Upstream: Int32] = [:]

    /// A server, and the route that it is shown with.
    public struct Server: Sendable {
        public let route: String
        public let upstream: Upstream?
    }

    init(_ table: RoutingTable, following previous: MetricRows?) {
        if let previous { self = previous }
        routes = table.routes.map { row(of: $0.name) }
        upstreams = [Int32](repeating: 0, count: table.upstreams.count)
        for route in table.routes {
            for id in route.upstreams where upstreams[Int(id.rawValue)] == 0 {
                upstreams[Int(id.rawValue)] = row(of: table.upstreams[Int(id.rawValue)], route.name)
            }
        }
    }

    private mutating func row(of name: String) -> Int32 {
        if let row = rowsByName[name] { return row }
        guard routeNames.count < ForwardingLimits.routeRowsMax else { return 0 }
        let row = Int32(routeNames.count)
        routeNames.append(name)
        rowsByName[name] = row
        return row
    }

    private mutating func row(of upstream: Upstream, _ route: String) -> Int32 {
        if let row = rowsByUpstream[upstream] { return row }
        guard servers.count < ForwardingLimits.upstreamRowsMax else { return 0 }
        let row = Int32(servers.count)
        servers.append(Server(route: route, upstream: upstream))
        rowsByUpstream[upstream] = row
        return row
    }
}
