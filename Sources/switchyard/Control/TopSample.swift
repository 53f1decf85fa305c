import EventLoop

/// What `top` reads once a second: of each part of the API the fields that it shows.
struct TopSample: Codable {
    struct Status: Codable {
        struct Queries: Codable {
            var udp: UInt64
            var tcp: UInt64
        }

        struct Cache: Codable {
            var hits: UInt64
            var misses: UInt64
        }

        var version: String
        var uptimeSeconds: Double
        var queries: Queries
        var cache: Cache
        var drained: [String]
    }

    struct Cluster: Codable {
        struct Server: Codable {
            var address: String
            var state: String
            var roundTripMilliseconds: Double?
        }

        struct Latency: Codable {
            var p50: Double?
            var p99: Double?
        }

        var name: String
        var servers: [Server]
        var hits: UInt64
        var misses: UInt64
        var latency: Latency
    }

    var status: Status
    /// Nil where the server does not say.
    var clusters: [Cluster]?
    /// When it was read, in nanoseconds of `MonotonicClock`.
    var readAt: UInt64

    init(_ client: ControlClient) throws {
        status = try ControlClient.decode(Status.self, try client.get("/api/status"))
        clusters = try? ControlClient.decode([Cluster].self, try client.get("/api/clusters"))
        readAt = MonotonicClock.nanoseconds()
    }
}
