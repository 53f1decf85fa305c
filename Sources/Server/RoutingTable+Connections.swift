import Routing

extension RoutingTable {
    /// How many connections each server may have, by its number: a server of several routes has the most that one
    /// of them allows.
    var connectionLimits: [UInt8] {
        var limits = [UInt8](repeating: 1, count: upstreams.count)
        for route in routes {
            let limit = UInt8(clamping: route.settings.limits.connectionsPerServer)
            for upstream in route.upstreams {
                limits[Int(upstream.rawValue)] = max(limits[Int(upstream.rawValue)], limit)
            }
        }
        return limits
    }
}
