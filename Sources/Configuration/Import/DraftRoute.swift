/// Servers to be written, and how they are used.
struct DraftRoute {
    /// A key and its value, alone or in a mapping.
    struct Setting {
        /// The key of the mapping, such as `limits`; nil for a key of the route itself.
        var section: String?
        var key: String
        var value: DraftValue
    }

    private(set) var servers: [DraftValue] = []
    private(set) var settings: [Setting] = []

    var isEmpty: Bool { servers.isEmpty && settings.isEmpty }

    /// Adds a server unless it is there already.
    mutating func add(server: DraftValue) {
        if !servers.contains(where: { $0.text == server.text }) { servers.append(server) }
    }

    /// Adds servers, and the keys that are not set yet.
    mutating func add(_ other: DraftRoute) {
        for server in other.servers { add(server: server) }
        for setting in other.settings where !has(setting.section, setting.key) { settings.append(setting) }
    }

    /// Whether a key is set.
    func has(_ section: String?, _ key: String) -> Bool {
        settings.contains { $0.section == section && $0.key == key }
    }

    /// Sets a key, in place of an earlier value.
    mutating func set(_ section: String? = nil, _ key: String, _ value: DraftValue) {
        settings.removeAll { $0.section == section && $0.key == key }
        settings.append(Setting(section: section, key: key, value: value))
    }

    /// Asks the server that answers soonest, where there is a choice.
    mutating func preferFastest() {
        guard let second = servers.dropFirst().first else { return }
        set(nil, "policy", DraftValue("fastest", second.line))
    }

    /// Keeps no more servers than a route may have.
    mutating func limitServers(_ notes: inout ImportNotes) {
        let limit = ConfigurationLimits.serversPerRoute
        guard servers.count > limit else { return }
        notes.add(servers[limit].line, "there are more than \(limit) servers here; the rest is left out")
        servers.removeSubrange(limit...)
    }

    /// Keeps the servers that fulfil a condition.
    mutating func filterServers(_ isKept: (DraftValue) -> Bool) { servers = servers.filter(isKept) }

    /// Keeps the values that fulfil a condition.
    mutating func filter(_ isKept: (DraftValue) -> Bool) {
        servers = servers.filter(isKept)
        settings = settings.filter { isKept($0.value) }
    }
}
