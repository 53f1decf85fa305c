/// A configuration that is being made of another resolver's.
struct ImportDraft {
    var listen: [DraftValue] = []
    /// The ranges of `access.allow`.
    var allow: [DraftValue] = []
    /// The default route; without servers they are those of /etc/resolv.conf.
    var upstream = DraftRoute()
    var clusters: [DraftCluster] = []
    /// The keys of `cache`.
    var cache: [(key: String, value: DraftValue)] = []

    /// `admin.listen`.
    var adminListen: DraftValue?

    /// Makes the draft valid by leaving out what the loader refuses, and writes it.
    mutating func settle(_ notes: inout ImportNotes) -> String {
        limit(&notes)
        // Each round removes at least one value, and the first mostly all that are refused.
        while true {
            removeWhatNeedsMore(&notes)
            let written = DraftWriter(self)
            guard written.text.utf8.count <= ConfigurationLimits.importedBytes else {
                keepClusters(clusters.count / 2, &notes)
                continue
            }
            let problems = Self.problems(written.text)
            if problems.isEmpty { return written.text }
            remove(problems, of: written, &notes)
        }
    }

    private static func problems(_ text: String) -> [ConfigurationProblem] {
        do throws(ConfigurationError) {
            // What stands in the files that it names is a matter of the machine that it will run on.
            _ = try ConfigurationLoader.parse(text, file: "") { _ throws(UnreadableFile) in
                "nameserver 192.0.2.53\n-----BEGIN CERTIFICATE-----\n"
            }
            return []
        } catch {
            return error.problems
        }
    }

    /// Removes the values that problems are about.
    private mutating func remove(
        _ problems: [ConfigurationProblem],
        of written: DraftWriter,
        _ notes: inout ImportNotes
    ) {
        var refused: Set<ObjectIdentifier> = []
        for problem in problems {
            guard let value = written.value(at: Position(line: problem.line, column: problem.column)) else {
                preconditionFailure("what has no values is valid: \(problem)")
            }
            guard refused.insert(ObjectIdentifier(value)).inserted else { continue }
            notes.add(value.line, "left out: \(problem.message)")
        }
        filter { !refused.contains(ObjectIdentifier($0)) }
    }

    /// Keeps the values that fulfil a condition.
    private mutating func filter(_ isKept: (DraftValue) -> Bool) {
        listen = listen.filter(isKept)
        allow = allow.filter(isKept)
        upstream.filter(isKept)
        clusters = clusters.filter { isKept($0.zone) && isKept($0.clusterDomain) }
        for i in clusters.indices {
            clusters[i].route.filter(isKept)
            clusters[i].reverse = clusters[i].reverse.filter(isKept)
        }
        cache = cache.filter { isKept($0.value) }
        adminListen = adminListen.flatMap { isKept($0) ? $0 : nil }
    }
}

// MARK: - Limits

extension ImportDraft {
    /// Shortens lists that are too long, about which the loader complains as a whole.
    private mutating func limit(_ notes: inout ImportNotes) {
        let limit = ConfigurationLimits.listenAddresses
        if listen.count > limit {
            notes.add(listen[limit].line, "there are more than \(limit) addresses here; the rest is left out")
            listen.removeSubrange(limit...)
        }
        upstream.limitServers(&notes)
        for i in clusters.indices { clusters[i].route.limitServers(&notes) }
        keepClusters(ConfigurationLimits.clusters, &notes)
    }

    private mutating func keepClusters(_ count: Int, _ notes: inout ImportNotes) {
        guard clusters.count > count else { return }
        notes.add(
            clusters[count].zone.line,
            "these are too many domains for one configuration; the last \(clusters.count - count) are left out"
        )
        clusters.removeSubrange(count...)
    }

    /// Removes clusters that have no servers, and names of servers that nobody could look up.
    private mutating func removeWhatNeedsMore(_ notes: inout ImportNotes) {
        let hasAddress = upstream.servers.isEmpty || upstream.servers.contains { !$0.isHostName }
        if !hasAddress {
            let isKept = { (value: DraftValue) in
                guard value.isHostName else { return true }
                notes.add(
                    value.line,
                    "left out: no server is known that resolves \(quoted(value.text)); write its address"
                )
                return false
            }
            upstream.filterServers(isKept)
            for i in clusters.indices { clusters[i].route.filterServers(isKept) }
        }
        clusters.removeAll { cluster in
            guard cluster.route.servers.isEmpty else { return false }
            notes.add(
                cluster.zone.line,
                "\(quoted(cluster.zone.text)) is left out, because no server is left"
            )
            return true
        }
    }
}
