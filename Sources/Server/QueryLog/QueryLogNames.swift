import Routing
import Synchronization

/// What the numbers in events stand for; the control thread writes, the observer reads.
final class QueryLogNames: Sendable {
    private struct Names {
        var table: RoutingTable?
        var routes: [UInt32: String] = [:]
        /// Those of the table before: its events may still come.
        var earlierRoutes: [UInt32: String] = [:]
    }

    private let names = Mutex(Names())

    /// Takes the names of another table.
    func use(_ table: RoutingTable) {
        let routes = Dictionary(table.routes.map { ($0.cacheTag, $0.name) }) { first, _ in first }
        names.withLock { names in
            names.earlierRoutes = names.routes
            names.routes = routes
            names.table = table
        }
    }

    func route(_ tag: UInt32) -> String? { names.withLock { $0.routes[tag] ?? $0.earlierRoutes[tag] } }

    func upstream(_ number: Int32) -> String? {
        names.withLock { names in
            guard let table = names.table, table.upstreams.indices.contains(Int(number)) else { return nil }
            return table.upstreams[Int(number)].description
        }
    }
}
