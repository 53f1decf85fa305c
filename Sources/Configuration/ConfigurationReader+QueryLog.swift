// `queryLog`: where the log of queries goes and what is in it.

extension ConfigurationReader {
    /// Reads the section; nil when there is none, or a mistake in it.
    func queryLog(_ node: YAMLNode?, clusters: [String]) -> QueryLogConfiguration? {
        guard let node else { return nil }
        let fields = fields(of: node, .queryLog)
        guard let target = queryLogTarget(fields, missingAt: node.position) else { return nil }
        var log = QueryLogConfiguration(target: target)
        log.format = queryLogFormat(fields["format"], target)
        if let only: QueryLogConfiguration.Selection = fields["only"].flatMap({ choice($0, "only") }) {
            log.only = only
        }
        let slow = fields["slow"].flatMap { duration($0, "slow", in: ConfigurationLimits.slowMilliseconds) }
        log.slowMilliseconds = slow ?? log.slowMilliseconds
        let sample = fields["sample"].flatMap { integer($0, "sample", in: ConfigurationLimits.querySample) }
        log.sample = sample ?? log.sample
        log.clusters = fields["clusters"].map { queryLogClusters($0, known: clusters) }
        if let hashNames = fields["hashNames"].flatMap({ boolean($0, "hashNames") }) {
            log.hashNames = hashNames
        }
        return log
    }

    private func queryLogTarget(
        _ fields: Fields,
        missingAt position: Position
    ) -> QueryLogConfiguration.Target? {
        switch (fields["file"], fields["socket"]) {
        case (let file?, nil):
            guard let path = text(file, "file") else { return nil }
            if path == "stderr" { return .standardError }
            return isPath(path, file, "file", orElse: " or `stderr`") ? .file(path) : nil
        case (nil, let socket?):
            guard let path = text(socket, "socket"), isPath(path, socket, "socket", orElse: "") else {
                return nil
            }
            guard path.utf8.count <= ConfigurationLimits.socketPathMax else {
                let most = ConfigurationLimits.socketPathMax
                report(socket.position, "the path of a Unix socket has at most \(most) octets; shorten it")
                return nil
            }
            return .socket(path)
        case (nil, nil):
            report(position, "`queryLog` says not where to write; add `file` or `socket`")
        case (_?, let socket?):
            report(socket.position, "`queryLog` has both `file` and `socket`; remove one")
        }
        return nil
    }

    private func isPath(_ path: String, _ node: YAMLNode, _ key: String, orElse others: String) -> Bool {
        if path.hasPrefix("/"), !path.hasSuffix("/"), !path.unicodeScalars.contains("\0") { return true }
        report(node.position, "`\(key)` must be an absolute path\(others), not \(quoted(path))")
        return false
    }

    private func queryLogFormat(
        _ node: YAMLNode?,
        _ target: QueryLogConfiguration.Target
    ) -> QueryLogConfiguration.Format {
        let format: QueryLogConfiguration.Format? = node.flatMap { choice($0, "format") }
        switch (target, format) {
        case (.socket, .text?), (.socket, .json?):
            if let node { report(node.position, "over `socket` goes `dnstap` only; write it, or use `file`") }
            return .dnstap
        case (.standardError, .dnstap?):
            if let node { report(node.position, "`dnstap` is no text; name a file or a socket for it") }
            return .dnstap
        case (.socket, _): return .dnstap
        default: return format ?? .text
        }
    }

    private func queryLogClusters(_ node: YAMLNode, known: [String]) -> [String] {
        list(node, "clusters").compactMap { element in
            guard let name = text(element, "clusters") else { return nil }
            let names = known + ["default"]
            guard !names.contains(name) else { return name }
            let meant = Suggestion.nearest(to: name, of: names)
            let advice = meant.map { "did you mean `\($0)`?" } ?? "write the name of one of `clusters`"
            report(element.position, "there is no cluster \(quoted(name)); \(advice)")
            return nil
        }
    }
}
