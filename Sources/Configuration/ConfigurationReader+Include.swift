// The files that a configuration includes: clusters, one or many in each.

extension ConfigurationReader {
    /// The clusters of all files that `include` names, not yet read.
    func includedClusters(_ node: YAMLNode) -> [YAMLNode] {
        let elements = list(node, "include", allowsEmpty: true)
        guard elements.count <= ConfigurationLimits.includes else {
            let limit = ConfigurationLimits.includes
            report(node.position, "`include` has more than \(limit) entries; use a pattern such as *.yaml")
            return []
        }
        var places = FirstPlaces<String>()
        var clusters: [YAMLNode] = []
        for element in elements {
            for path in paths(element) where places.add(path, at: element.position) == nil {
                guard fileNames.count <= ConfigurationLimits.includedFiles else {
                    let limit = ConfigurationLimits.includedFiles
                    report(element.position, "more than \(limit) files are included; join some of them")
                    return []
                }
                clusters += self.clusters(ofFile: path, listedAt: element.position)
            }
        }
        return clusters
    }

    /// The paths that an entry of `include` stands for.
    private func paths(_ node: YAMLNode) -> [String] {
        guard let text = text(node, "include") else { return [] }
        guard !text.isEmpty, !text.hasSuffix("/") else {
            report(node.position, "`include` needs a file or a pattern such as clusters.d/*.yaml")
            return []
        }
        guard let pattern = IncludePattern(text, of: fileNames[0]) else {
            report(
                node.position,
                "a directory of `include` cannot be a pattern; use *, ? and [ ] behind the last / only"
            )
            return []
        }
        switch input.files(of: pattern) {
        case .found(let paths):
            if paths.isEmpty {
                warnings.append(problem(node.position, "\(quoted(text)) matches no file"))
            }
            if paths.contains(fileNames[0]) {
                report(
                    node.position,
                    "\(quoted(text)) matches this file itself; keep included files in their own directory"
                )
            }
            return paths.filter { $0 != fileNames[0] }
        case .failed(let error):
            report(node.position, "cannot read \(error.path): \(error.reason); \(error.advice)")
            return []
        }
    }

    private func clusters(ofFile path: String, listedAt position: Position) -> [YAMLNode] {
        let file = fileNames.count
        fileNames.append(path)
        let octets: [UInt8]
        do throws(UnreadableFile) {
            guard let found = try input.octets(of: path) else { return [] }
            octets = found
        } catch {
            let place = "see `include` on \(position.words) of \(fileNames[0])"
            report(.start(ofFile: file), "cannot read this file: \(error.reason); \(error.advice) (\(place))")
            return []
        }
        guard let text = text(of: octets, file: file),
            let root = node(of: text, file: file, isMissing: "write clusters, or remove it")
        else { return [] }
        return clusters(in: root)
    }

    /// One cluster, a list of them, or a mapping with such a list.
    private func clusters(in root: YAMLNode) -> [YAMLNode] {
        switch root.content {
        case .list(let elements): return elements
        case .mapping(let entries):
            if let include = entries.first(where: { $0.key == "include" }) {
                report(
                    include.position,
                    "an included file cannot include others; list them in \(fileNames[0])"
                )
                return []
            }
            let isList = entries.contains { $0.key == Section.included.keys[0] }
            guard isList else { return [root] }
            return fields(of: root, .included)["clusters"].map {
                list($0, "clusters", allowsEmpty: true)
            } ?? []
        case .scalar:
            report(root.position, "an included file must be a cluster, or a list of clusters")
            return []
        }
    }
}
