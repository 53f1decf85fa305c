import Routing

/// Servers that one worker looks at with every tick, in turn.
struct Watchlist {
    private var servers: [UpstreamID] = []
    private var isListed: [Bool] = []
    private var cursor = 0

    var count: Int { servers.count }

    /// Puts a server on the list, unless it is there.
    mutating func add(_ upstream: UpstreamID) {
        let place = Int(upstream.rawValue)
        while isListed.count <= place { isListed.append(false) }
        guard !isListed[place] else { return }
        isListed[place] = true
        servers.append(upstream)
    }

    /// The server whose turn it is; nil when there is none.
    mutating func next() -> UpstreamID? {
        guard !servers.isEmpty else { return nil }
        cursor = cursor + 1 < servers.count ? cursor + 1 : 0
        return servers[cursor]
    }

    /// Takes the server off that `next` gave last.
    mutating func removeCurrent() {
        isListed[Int(servers[cursor].rawValue)] = false
        servers[cursor] = servers[servers.count - 1]
        servers.removeLast()
        // The one that is in its place now is next.
        cursor -= 1
    }
}
